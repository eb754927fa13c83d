# SPDX-License-Identifier: GPL-3.0-or-later
# The catalogue: beside the built program as links into the sources, so that an edit is seen at
# once; beside the installed program as copies. The program finds both as ../share/qeilsim.
include(GNUInstallDirs)

foreach(folder devices/catalog workloads/catalog workloads/traces scenarios)
  get_filename_component(parent share/qeilsim/${folder} DIRECTORY)
  file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/${parent})
  file(CREATE_LINK ${CMAKE_SOURCE_DIR}/${folder} ${CMAKE_BINARY_DIR}/share/qeilsim/${folder}
    SYMBOLIC)
  get_filename_component(parent ${folder} DIRECTORY)
  install(DIRECTORY ${folder} DESTINATION ${CMAKE_INSTALL_DATADIR}/qeilsim/${parent}
    FILES_MATCHING PATTERN "*.yaml" PATTERN "*.csv" PATTERN "*.json" PATTERN "*.jsonl")
endforeach()

if(TARGET qeilsim)
  install(TARGETS qeilsim RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
