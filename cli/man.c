/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/commands.h"
#include "version.h"

/* No date: equal sources give equal pages. */
static const char head[] =
    ".\\\" SPDX-License-Identifier: GPL-3.0-or-later\n"
    ".\\\" Made by 'qeilsim --man' from the tables that parse the options.\n"
    ".TH QEILSIM 1 \"\" \"qeilsim " QEILSIM_VERSION "\" \"User Commands\"\n"
    ".nh\n"
    ".SH NAME\n"
    "qeilsim \\- speed, heat, energy and memory of machines that serve language models\n"
    ".SH SYNOPSIS\n"
    ".B qeilsim\n"
    "\\fICOMMAND\\fR [\\fIOPTION\\fR...] \\fIARGUMENT\\fR...\n"
    ".br\n"
    ".B qeilsim help\n"
    "[\\fICOMMAND\\fR]\n"
    ".br\n"
    ".B qeilsim \\-\\-version\n"
    ".SH DESCRIPTION\n"
    "predicts how fast, how hot, how hungry for energy and how full of memory\n"
    "a machine made of CPUs, GPUs and NPUs gets when it serves language models,\n"
    "and searches the best ways to split a model over that machine.\n"
    "Machines, models and workloads are YAML files, or names from the catalogue\n"
    "that comes with the program; a scenario brings one of each together.\n"
    ".PP\n"
    "Results go to the standard output or to the file that\n"
    ".B \\-o\n"
    "names, messages to the standard error.\n"
    "A file appears under its name only when it is whole.\n"
    "Equal input and equal seed give equal bytes.\n"
    ".SH COMMANDS\n";

static const char tail[] =
    ".SH EXIT STATUS\n"
    ".TP\n.B 0\nall was done\n"
    ".TP\n.B 1\nthe machine failed: a file cannot be written, the disk is full,\n"
    "gnuplot is not there\n"
    ".TP\n.B 2\nwhat was given is wrong: a file, a name, an option,\n"
    "a model that fits nowhere\n"
    ".TP\n.B 130\ninterrupted; nothing was written\n"
    ".SH ENVIRONMENT\n"
    ".TP\n.B QEILSIM_DATA\n"
    "folder of the catalogue; without it\n"
    ".I ../share/qeilsim\n"
    "beside the program\n"
    ".TP\n.B QEILSIM_TRACES\n"
    "folder in which traces are sought that do not lie beside the file\n"
    "that names them\n"
    ".TP\n.B NO_COLOR\n"
    "when set and not empty: no colours, also on a terminal\n"
    ".TP\n.B TERM\n"
    "\\(lqdumb\\(rq: no colours\n"
    ".SH FILES\n"
    ".TP\n.I ../share/qeilsim/devices/catalog\ndevices and platforms\n"
    ".TP\n.I ../share/qeilsim/workloads\nmodels and traces\n"
    ".TP\n.I ../share/qeilsim/scenarios\nscenarios\n"
    ".PP\n"
    "Paths start at the folder of the program. What a file may contain is told by\n"
    ".BR \"qeilsim schema\" .\n"
    ".SH EXAMPLES\n"
    "The machines and models that are known:\n"
    ".PP\n.nf\n"
    "qeilsim list devices gpu\n"
    "qeilsim show llama\\-3.2\\-1b:Q4_K_M\n"
    ".fi\n.PP\n"
    "Search plans for a scenario, look at the front, replay the plan of least energy:\n"
    ".PP\n.nf\n"
    "qeilsim explore quickstart \\-o quickstart.h5\n"
    "qeilsim plot quickstart.h5 front\n"
    "qeilsim run quickstart \\-\\-plan quickstart.h5:0 \\-\\-detail\n"
    ".fi\n.PP\n"
    "The same machine with an NPU of twice the bandwidth:\n"
    ".PP\n.nf\n"
    "qeilsim run quickstart \\-\\-set platform.devices.gpu.memory.bandwidth_GBps=1344 \\-\\-json\n"
    ".fi\n.PP\n"
    "Where a model's operators lie under the rooflines of a machine:\n"
    ".PP\n.nf\n"
    "qeilsim plot qeil\\-box roofline \\-\\-model llama\\-3.1\\-8b:Q4_K_M\n"
    ".fi\n"
    ".SH SEE ALSO\n"
    ".BR gnuplot (1),\n"
    ".BR h5dump (1)\n";

/* Each command prints its own section. */
int cli_man(void)
{
    char option[] = "--man";
    int code = CLI_DONE;
    fputs(head, stdout);
    for (const struct cli_command *command = cli_commands; command->usage && !code; command++) {
        char *argv[] = {option, option, NULL}; /* the first stands for the command's name */
        code = command->run(2, argv);
    }
    fputs(tail, stdout);
    return code;
}
