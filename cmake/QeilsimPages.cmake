# SPDX-License-Identifier: GPL-3.0-or-later
# The manual page, printed by the program itself, and the completions for bash and zsh: beside the
# built program and the installed one.
include(GNUInstallDirs)

set(page ${CMAKE_BINARY_DIR}/share/man/man1/qeilsim.1)
add_custom_command(OUTPUT ${page}
  COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/share/man/man1
  COMMAND qeilsim --man > ${page}.new
  COMMAND ${CMAKE_COMMAND} -E rename ${page}.new ${page}
  DEPENDS qeilsim VERBATIM)
add_custom_target(qeilsim_man ALL DEPENDS ${page})
install(FILES ${page} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)

# qeilsim_completion(FILE FOLDER NAME)
function(qeilsim_completion file folder name)
  configure_file(${file} ${CMAKE_BINARY_DIR}/share/${folder}/${name} COPYONLY)
  install(FILES ${file} DESTINATION ${CMAKE_INSTALL_DATADIR}/${folder} RENAME ${name})
endfunction()
qeilsim_completion(${CMAKE_SOURCE_DIR}/cli/completion/qeilsim.bash bash-completion/completions qeilsim)
qeilsim_completion(${CMAKE_SOURCE_DIR}/cli/completion/qeilsim.zsh zsh/site-functions _qeilsim)
