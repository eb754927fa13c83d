# SPDX-License-Identifier: GPL-3.0-or-later
# Writes <build>/generated/version.h, included as "version.h": the version and the commit. No date,
# so that equal sources give equal programs.
find_package(Git QUIET)

# The commit is "unknown" outside git, also where the sources lie inside another repository.
function(qeilsim_commit result)
  set(${result} unknown PARENT_SCOPE)
  if(NOT GIT_EXECUTABLE)
    return()
  endif()
  foreach(question "--show-toplevel" "--short=12;HEAD" "--git-path;logs/HEAD")
    execute_process(COMMAND ${GIT_EXECUTABLE} rev-parse ${question}
      WORKING_DIRECTORY ${CMAKE_SOURCE_DIR} RESULT_VARIABLE status
      OUTPUT_VARIABLE answer OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
    if(NOT status EQUAL 0)
      return()
    endif()
    list(APPEND answers "${answer}")
  endforeach()
  list(GET answers 0 top)
  list(GET answers 1 commit)
  list(GET answers 2 history)
  file(REAL_PATH "${top}" top)
  file(REAL_PATH "${CMAKE_SOURCE_DIR}" source)
  if(NOT top STREQUAL source)
    return()
  endif()
  set(${result} ${commit} PARENT_SCOPE)
  # The history grows with each commit and checkout: then configure again.
  file(REAL_PATH "${history}" history BASE_DIRECTORY ${CMAKE_SOURCE_DIR})
  if(EXISTS "${history}")
    set_property(DIRECTORY ${CMAKE_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${history}")
  endif()
endfunction()

qeilsim_commit(QEILSIM_COMMIT)
configure_file(${CMAKE_CURRENT_LIST_DIR}/version.h.in ${CMAKE_BINARY_DIR}/generated/version.h @ONLY)
target_include_directories(qeilsim_flags INTERFACE ${CMAKE_BINARY_DIR}/generated)
