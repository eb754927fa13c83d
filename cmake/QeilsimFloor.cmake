# SPDX-License-Identifier: GPL-3.0-or-later
# Flags that every target of ours has, and a function that makes one floor's library.
add_library(qeilsim_flags INTERFACE)
target_include_directories(qeilsim_flags INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_definitions(qeilsim_flags INTERFACE _POSIX_C_SOURCE=200809L)
target_compile_options(qeilsim_flags INTERFACE
  -ffp-contract=off -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes
  -Wmissing-prototypes -Wwrite-strings -Wundef -Wvla $<$<BOOL:${QEILSIM_WERROR}>:-Werror>)
if(QEILSIM_SANITIZE)
  target_compile_options(qeilsim_flags INTERFACE
    -fsanitize=${QEILSIM_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer -g)
  target_link_options(qeilsim_flags INTERFACE -fsanitize=${QEILSIM_SANITIZE})
endif()

# qeilsim_floor(NAME SOURCES ... USES lower floors and libraries ...)
function(qeilsim_floor name)
  cmake_parse_arguments(FLOOR "" "" "SOURCES;USES" ${ARGN})
  add_library(qeilsim_${name} STATIC ${FLOOR_SOURCES})
  target_link_libraries(qeilsim_${name} PUBLIC qeilsim_flags ${FLOOR_USES})
endfunction()
