/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "workloads/workload.h"

const char *const workload_trace_formats[WORKLOAD_FORMATS + 1] = {
    [WORKLOAD_AZURE] = "azure",       [WORKLOAD_VIDUR] = "vidur",
    [WORKLOAD_BURSTGPT] = "burstgpt", [WORKLOAD_SPLITWISE_SIM] = "splitwise-sim",
    [WORKLOAD_MOONCAKE] = "mooncake", [WORKLOAD_QWEN_BAILIAN] = "qwen-bailian",
    [WORKLOAD_RAGPULSE] = "ragpulse", [WORKLOAD_LLMSERVINGSIM] = "llmservingsim",
    [WORKLOAD_VLLM_LOG] = "vllm-log", [WORKLOAD_VLLM_BENCH] = "vllm-bench",
    [WORKLOAD_AIPERF] = "aiperf",
};

uint64_t workload_trace_block_tokens(int format)
{
    static const uint64_t tokens[WORKLOAD_FORMATS] = {
        [WORKLOAD_MOONCAKE] = 512, [WORKLOAD_QWEN_BAILIAN] = 16};
    return tokens[format];
}

const char *workload_trace_origin(int format)
{
    static const char *const origins[] = {
        [WORKLOAD_AZURE] = "Azure's traces are at https://github.com/Azure/AzurePublicDataset",
        [WORKLOAD_VIDUR] = "vidur's traces are at https://github.com/microsoft/vidur",
        [WORKLOAD_BURSTGPT] = "BurstGPT's traces are at https://github.com/HPMLL/BurstGPT",
        [WORKLOAD_SPLITWISE_SIM] =
            "splitwise-sim's traces are at https://github.com/Mutinifni/splitwise-sim",
        [WORKLOAD_MOONCAKE] = "Mooncake's traces are at https://github.com/kvcache-ai/Mooncake",
        [WORKLOAD_QWEN_BAILIAN] =
            "Qwen's traces are at https://github.com/alibaba-edu/qwen-bailian-usagetraces-anon",
        [WORKLOAD_RAGPULSE] = "RAGPulse comes with the paper of that name",
        [WORKLOAD_LLMSERVINGSIM] =
            "LLMServingSim's traces are at https://github.com/casys-kaist/LLMServingSim",
        [WORKLOAD_VLLM_LOG] = "a log of one's own server is such a trace",
        [WORKLOAD_VLLM_BENCH] =
            "'vllm bench serve --save-result --save-detailed' writes such a file",
        [WORKLOAD_AIPERF] = "AIPerf writes it as profile_export.jsonl",
    };
    return origins[format];
}
