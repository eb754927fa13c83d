# SPDX-License-Identifier: GPL-3.0-or-later
# cmake -DFOLDER=... -DNAMES="a.cl b.cl" -DOUTPUT=... -P QeilsimEmbed.cmake: the lines of the files
# as a C file, so that the program needs no file beside it.
separate_arguments(names UNIX_COMMAND "${NAMES}")
set(text "/* SPDX-License-Identifier: GPL-3.0-or-later */
#include \"devices/kernels/opencl_program.h\"

#include <string.h>
")
set(table "")
foreach(name IN LISTS names)
  string(MAKE_C_IDENTIFIER ${name} symbol)
  file(READ ${FOLDER}/${name} lines)
  string(REPLACE "\\" "\\\\" lines "${lines}")
  string(REPLACE "\"" "\\\"" lines "${lines}")
  string(REPLACE "\n" "\\n\",\n    \"" lines "${lines}")
  string(APPEND text "\nstatic const char *const ${symbol}[] = {\n    \"${lines}\"};\n")
  string(APPEND table "    {\"${name}\", ${symbol}, sizeof ${symbol} / sizeof *${symbol}},\n")
endforeach()
string(APPEND text "
static const struct opencl_source sources[] = {
${table}};

const struct opencl_source *opencl_source(const char *name)
{
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++)
        if (strcmp(sources[i].name, name) == 0)
            return &sources[i];
    return NULL;
}
")
file(WRITE ${OUTPUT} "${text}")
