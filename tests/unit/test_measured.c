/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables of measurements: reading, filters, the fastest of each test, quantisations. */
#include "base/memory.h"
#include "base/text.h"
#include "devices/measurements/read.h"
#include "tests/check.h"

static struct error err;

static bool read_bytes(const char *const *bytes, size_t n, struct measured_table *out)
{
    struct csv *csv[2] = {NULL, NULL};
    error_clear(&err);
    for (size_t i = 0; i < n; i++)
        csv[i] = csv_open_memory(i ? "b.csv" : "a.csv", bytes[i], strlen(bytes[i]), &err);
    bool ok = measured_read_csv(csv, n, out, &err);
    for (size_t i = 0; i < n; i++)
        csv_close(csv[i]);
    return ok;
}

#define HEAD "device,model,phase,tokens_per_s"

/* Two files whose columns differ make one table. */
static void test_read(void)
{
    static const char *const files[] = {
        HEAD ",device_kind,params_B,temperature_C,model_size_MiB,flash_attn,quant\n"
             "RTX 4090,\"a, b\",decode,150.5,gpu,7,-10,3.5,1,Q4_0\n"
             "x,m,e2e,,,,,,,\n",
        "notes," HEAD ",prompt_tokens,gen_tokens,batch,n_devices,context_depth,power_W,"
        "energy_J_per_token,backend,power_scope,flash_attn\n"
        "why,y,n,prefill,3e2,512,128,1,2,4096,200,0.5,CUDA,wall,0\n"};
    struct measured_table table;
    if (!CHECK(read_bytes(files, 2, &table)))
        return;
    CHECK(table.n_rows == 3 && table.n_columns == 20);
    const struct measured_row *row = table.row;
    CHECK_TEXT(row[0].path, "a.csv");
    CHECK_TEXT(row[2].path, "b.csv");
    CHECK(row[0].line == 2 && row[1].line == 3 && row[2].line == 2);
    CHECK_TEXT(row[0].device, "RTX 4090");
    CHECK_TEXT(row[0].device_kind, "gpu");
    CHECK_TEXT(row[0].model, "a, b");
    CHECK_TEXT(row[0].quant, "Q4_0");
    CHECK_TEXT(row[0].backend, "");
    CHECK(row[0].phase == MEASURED_DECODE && row[1].phase == MEASURED_E2E);
    CHECK(row[0].tokens_per_s == 150.5 && row[0].parameters == 7e9);
    CHECK_NEAR(row[0].temperature_K, 263.15, 1e-12);
    CHECK(row[0].model_bytes == 3670016 && row[0].flash_attention == 1);
    CHECK(isnan(row[0].batch) && isnan(row[1].tokens_per_s) && row[1].flash_attention == -1);
    CHECK(row[2].phase == MEASURED_PREFILL && row[2].tokens_per_s == 300);
    CHECK(row[2].prompt_tokens == 512 && row[2].gen_tokens == 128 && row[2].batch == 1);
    CHECK(row[2].n_devices == 2 && row[2].context_depth == 4096 && row[2].power_W == 200);
    CHECK(row[2].energy_J_per_token == 0.5 && row[2].flash_attention == 0);
    CHECK_TEXT(row[2].power_scope, "wall");
    CHECK_TEXT(row[2].quant, "");
    CHECK_TEXT(table.column[10], "notes");
    CHECK_TEXT(row[0].cell[10], "");
    CHECK_TEXT(row[2].cell[10], "why");
    CHECK_TEXT(row[2].cell[0], "y");
    measured_free(&table);
}

static void test_faults(void)
{
    static const struct {
        const char *bytes, *want;
    } cases[] = {
        {HEAD "\nd,m,decode,fast\n", "a.csv:2:12: column 'tokens_per_s': 'fast' is not a number"},
        {HEAD "\nd,m,decode,\"1,024\"\n",
         "a.csv:2:12: column 'tokens_per_s': '1,024' is not a number"},
        {HEAD "\nd,m,decode,nan\n", "a.csv:2:12: column 'tokens_per_s': 'nan' is not a number"},
        {HEAD "\nd,m,decode,-1\n",
         "a.csv:2:12: column 'tokens_per_s': '-1' is not a number from 0"},
        {HEAD "\nd,m,idle,1\n",
         "a.csv:2:5: column 'phase': 'idle' is not a phase: prefill, decode or e2e"},
        {HEAD "\nd,m,,1\n",
         "a.csv:2:5: column 'phase': the cell is empty, a phase: prefill, decode or e2e is wanted"},
        {HEAD ",temperature_C\nd,m,decode,1,-300\n",
         "a.csv:2:14: column 'temperature_C': '-300' is not a temperature from -273.15 degrees"},
        {HEAD ",params_B\nd,m,decode,1,1e305\n",
         "a.csv:2:14: column 'params_B': '1e305' is not a number from 0"},
        {HEAD ",flash_attn\nd,m,decode,1,on\n",
         "a.csv:2:14: column 'flash_attn': 'on' is not a number"},
        {HEAD ",flash_attn\nd,m,decode,1,2\n",
         "a.csv:2:14: column 'flash_attn': '2' is not 0 or 1"},
        {HEAD "\nd,m,decode\n", "a.csv:2:1: the row has 3 cells, the header 4"},
        {"device,model,phase,speed\nd,m,decode,1\n",
         "a.csv:1:1: column 'tokens_per_s' is not there; the columns are: "
         "device, model, phase, speed"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct measured_table table;
        CHECK(!read_bytes(&cases[i].bytes, 1, &table));
        CHECK_TEXT(err.n_faults ? err.fault[0] : "no fault", cases[i].want);
        measured_free(&table);
    }
}

/* All faults of both files are told, and files that are not there. */
static void test_faults_together(void)
{
    static const char *const files[] = {HEAD "\nd,m,decode,x\nd,m,no,1\nd,m,decode,1\n",
                                        HEAD "\nd,m,decode,-2\n"};
    struct measured_table table;
    CHECK(!read_bytes(files, 2, &table));
    CHECK(err.n_faults == 3 && strncmp(err.fault[2], "b.csv:2:12: ", 12) == 0);
    measured_free(&table);
    static const char *const absent[] = {"/nowhere/a.csv", "/nowhere/b.csv"};
    error_clear(&err);
    CHECK(!measured_read(absent, 2, &table, &err) && err.n_faults == 2);
    CHECK_TEXT(err.fault[1], "/nowhere/b.csv:1:1: cannot be read: No such file or directory");
    measured_free(&table);
    error_clear(&err);
    CHECK(measured_read(NULL, 0, &table, &err) && table.n_rows == 0);
    measured_free(&table);
}

static const char *const rows[] = {HEAD ",prompt_tokens,backend,flash_attn,notes\n"
                                        "A,m,prefill,100,512,CUDA,1,\"x & y, z\"\n"
                                        "A,m,prefill,120,512.0,Vulkan,0,it's\n"
                                        "A,m,decode,10,,vulkan,,\n"
                                        "B,m,decode,9,,CUDA,1,\n"};

/* Which rows a filter keeps, as letters. */
static void check_kept(const char *text, const char *want)
{
    struct measured_table table;
    CHECK(read_bytes(rows, 1, &table));
    struct measured_where *where = measured_where_parse(text, &err);
    char kept[8] = "";
    size_t n = 0;
    if (CHECK(where && measured_where_check(where, &table, &err))) {
        for (size_t i = 0; i < table.n_rows; i++)
            if (measured_where_matches(where, &table, &table.row[i]))
                kept[n++] = (char)('a' + (int)i);
        CHECK_TEXT(kept, want);
    }
    measured_where_free(where);
    measured_free(&table);
}

static void test_where(void)
{
    check_kept(NULL, "abcd");
    check_kept("device=a", "abc");
    check_kept("backend=VULKAN", "bc");
    check_kept(" backend = vulkan , x & phase = decode ", "c");
    check_kept("prompt_tokens=5.12e2", "ab");
    check_kept("prompt_tokens=\"512\"", "ab");
    check_kept("tokens_per_s=9,10", "cd");
    check_kept("flash_attn=", "c");
    check_kept("flash_attn=1,", "acd");
    check_kept("flash_attn=''", "c");
    check_kept("notes=\"X & Y, z\" & device=A", "a");
    check_kept("notes=\"it's\"", "b");
    check_kept("notes=it's,'x & y, z'", "ab");
    check_kept("device=A&device=B", "");
    check_kept("device=A,B&phase=prefill,decode&backend=CUDA", "ad");
}

static void test_where_faults(void)
{
#define WANTED "; wanted are terms column=value[,value...] joined by '&'"
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"", "filter '', character 1: the term is empty" WANTED},
        {"a=1&", "filter 'a=1&', character 5: the term is empty" WANTED},
        {"a=1&&b=2", "filter 'a=1&&b=2', character 5: the term is empty" WANTED},
        {"device", "filter 'device', character 1: '=' is missing" WANTED},
        {"a=1& b", "filter 'a=1& b', character 6: '=' is missing" WANTED},
        {"=1", "filter '=1', character 1: no column is named before '='" WANTED},
        {"a==1", "filter 'a==1', character 3: '=' stands twice" WANTED},
        {"a=\"x", "filter 'a=\"x', character 3: this quote is not closed" WANTED},
        {"a=1,'x", "filter 'a=1,'x', character 5: this quote is not closed" WANTED},
        {"a='x'y", "filter 'a='x'y', character 6: text after a closing quote" WANTED},
    };
#undef WANTED
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        error_clear(&err);
        CHECK(!measured_where_parse(cases[i].text, &err));
        CHECK_TEXT(err.n_faults ? err.fault[0] : "no fault", cases[i].want);
    }
    struct measured_table table;
    CHECK(read_bytes(rows, 1, &table));
    struct measured_where *where = measured_where_parse("devise=A&zzz=1&model=m", &err);
    CHECK(where && !measured_where_check(where, &table, &err) && err.n_faults == 2);
    CHECK_TEXT(err.fault[0],
               "there is no column 'devise' (did you mean 'device'?); the columns are: device, "
               "model, phase, tokens_per_s, prompt_tokens, backend, flash_attn, notes");
    CHECK(strncmp(err.fault[1], "there is no column 'zzz'; the columns are: ", 43) == 0);
    CHECK(!where || !measured_where_matches(where, &table, &table.row[0]));
    measured_where_free(where);
    measured_free(&table);
}

static void check_best(const char *const *files, const char *column, const char *want)
{
    struct measured_table table;
    char got[16] = "";
    bool best[16] = {false};
    if (CHECK(read_bytes(files, 1, &table) && measured_best_of(&table, column, best, &err)))
        for (size_t i = 0; i < table.n_rows; i++)
            got[i] = best[i] ? '1' : '0';
    CHECK_TEXT(got, want);
    measured_free(&table);
}

static void test_best(void)
{
    static const char *const runs[] = {
        HEAD ",gen_tokens,backend,flash_attn,device_kind\n"
             "A,m,decode,10,128,CUDA,0,gpu\n"
             "A,m,decode,12,128,Vulkan,0,gpu\n"
             "A,m,decode,12,128,ROCm,0,gpu\n" /* as fast, but later */
             "A,m,decode,15,128,CUDA,1,gpu\n"
             "A,m,decode,20,,CUDA,0,gpu\n" /* another test: no length told */
             "A,m,decode,5,128,CUDA,0,cpu\n"
             "A,m,e2e,,128,CUDA,0,gpu\n"
             "A,m,e2e,,128,Vulkan,0,gpu\n"
             "A,n,decode,1,128,CUDA,0,gpu\n"};
    check_best(runs, "backend", "010111101");
    check_best(runs, "flash_attn", "000111101");
    struct measured_table table;
    bool best[16];
    CHECK(read_bytes(runs, 1, &table) && !measured_best_of(&table, "backed", best, &err));
    CHECK(strstr(err.fault[0], "there is no column 'backed' (did you mean 'backend'?)") != NULL);
    measured_free(&table);
}

static void test_quants(void)
{
    static const struct {
        const char *quant, *model, *want;
    } cases[] = {
        {"Q4_0", "", "Q4_0"},
        {"q4_k_m", "", "Q4_K_M"},
        {"BF16", "", "BF16"},
        {"fp16", "", "F16"},
        {"UD-Q4_K_XL", "", "Q4_K_M"},
        {"Q4_K_XL", "", "Q4_K_M"},
        {"UD-Q6_K_XL", "", "Q6_K"},
        {"UD-Q3_K_XL", "", "Q3_K_L"},
        {"UD-Q8_K_XL", "", "Q8_0"},
        {"UD-IQ2_M", "", "IQ2_M"},
        {"i1-Q4_K_M", "", "Q4_K_M"},
        {"Q4_0_4_4", "", "Q4_0_4_4"},
        {"Q4_0 (MLX)", "", "Q4_0"},
        {"Q4f16_2", "", "Q4_0"},
        {"w8a8", "", "Q8_0"},
        {"w8a8_g128", "", "Q8_0"},
        {"w4a16", "", "Q4_0"},
        {"w4a16_g128", "", "Q4_0"},
        {"W4", "", "Q4_0"},
        {"INT4", "", "Q4_0"},
        {"GPTQ INT4", "", "Q4_0"},
        {"AWQ", "", "Q4_0"},
        {"4-bit", "", "Q4_0"},
        {"MXFP4 (file named F16)", "", "MXFP4_F16"},
        {"W2", "llama-2-7b.Q4_0", NULL},
        {"BitNet b1.58 (2-bit)", "", NULL},
        {"best", "", NULL},
        {"", "llama-2-7b.Q4_K_M", "Q4_K_M"},
        {"", "Qwen2.5-3b-instruct-q5_k_m.gguf", "Q5_K_M"},
        {"", "Qwen3-30B-A3B-UD-Q4_K_XL", "Q4_K_M"},
        {"", "RoLM nano-125m-q5", "Q5_K_M"},
        {"", "gpt-oss-20b-F16", "F16"},
        {"", "Qwen3 30B-A3B", NULL},
        {"", "", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *got = measured_quant(cases[i].quant, cases[i].model);
        CHECK_TEXT(got ? got : "none", cases[i].want ? cases[i].want : "none");
    }
}

/* What remarks add to a row: 6 prompts of 512 tokens at 512/s in a process of 18 s leave 2 s for
 * each of them, 5 answers of 128 at 64/s in 20 s the same. */
static void test_remarks(void)
{
    static const char bytes[] =
        HEAD ",prompt_tokens,gen_tokens,power_scope,notes\n"
             "A,m,prefill,512,512,,\"mean over whole llama-bench process\",run_duration_s=18.0\n"
             "A,m,decode,64,,128,\"mean over whole llama-bench process\",x; run_duration_s=20\n"
             "A,m,decode,50,,200,SoC,\"process latency 9.5 s; averages over the whole process\"\n"
             "A,m,decode,50,,200,SoC,process latency 9.5 s\n"
             "A,m,decode,50,,200,SoC,\"process latency 3 s; averages over the whole process\"\n"
             "A,m,decode,50,,200,Wall plug,power_limit_W=300; net of idle; whole request\n"
             "A,m,decode,0,,200,whole process,run_duration_s=inf power_limit_W=-3\n";
    static const struct measured_remarks want[] = {
        {.rest_s = 2},   {.rest_s = 2},
        {.rest_s = 5.5}, {.rest_s = 0},
        {.rest_s = 0},   {.cap_W = 300, .wall = true, .net = true, .whole_request = true},
        {.rest_s = 0}};
    static const char *const files[] = {bytes};
    struct measured_table table;
    if (!CHECK(read_bytes(files, 1, &table) && table.n_rows == sizeof want / sizeof *want))
        return;
    for (size_t i = 0; i < table.n_rows; i++) {
        struct measured_remarks got = measured_remarks(&table, &table.row[i]);
        CHECK_NEAR(got.rest_s, want[i].rest_s, 1e-12);
        CHECK(got.cap_W == want[i].cap_W && got.wall == want[i].wall && got.net == want[i].net);
        CHECK(got.whole_request == want[i].whole_request);
    }
    measured_free(&table);
}

int main(void)
{
    test_read();
    test_remarks();
    test_faults();
    test_faults_together();
    test_where();
    test_where_faults();
    test_best();
    test_quants();
    return check_result();
}
