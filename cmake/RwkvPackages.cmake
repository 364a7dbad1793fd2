# Debian packages, a component each: cpack -G DEB in a build whose prefix is /usr (`make deb`).
# Who builds them says who he is, as Debian's own tools ask: DEBFULLNAME, DEBEMAIL.
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "RWKV toolkit <rwkv-toolkit@users.noreply.github.com>")
if(DEFINED ENV{DEBFULLNAME} AND DEFINED ENV{DEBEMAIL})
  set(CPACK_DEBIAN_PACKAGE_MAINTAINER "$ENV{DEBFULLNAME} <$ENV{DEBEMAIL}>")
endif()
set(about "RWKV is a language model without attention: its memory of what it has read is
a small state of fixed size. This toolkit runs versions 4 to 7 on a CPU, to the
same bits for any number of threads, in any batch and on any CPU.")

# Each package must have its copyright and its changelog, in a folder of its own.
string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)  # follows SOURCE_DATE_EPOCH
file(WRITE ${PROJECT_BINARY_DIR}/changelog "rwkv (${PROJECT_VERSION}) unstable; urgency=medium

  * What has changed: CHANGELOG.md in rwkv-tools.

 -- ${CPACK_DEBIAN_PACKAGE_MAINTAINER}  ${date}
")
execute_process(COMMAND gzip -9n INPUT_FILE ${PROJECT_BINARY_DIR}/changelog OUTPUT_FILE ${PROJECT_BINARY_DIR}/changelog.gz)
macro(rwkv_debian_package component name section depends summary)
  string(TOUPPER ${component} upper)
  set(CPACK_DEBIAN_${upper}_PACKAGE_NAME ${name})
  set(CPACK_DEBIAN_${upper}_PACKAGE_SECTION ${section})
  set(CPACK_DEBIAN_${upper}_PACKAGE_DEPENDS "${depends}")
  set(CPACK_DEBIAN_${upper}_FILE_NAME DEB-DEFAULT)
  set(CPACK_COMPONENT_${upper}_DESCRIPTION "${summary}\n${about}")
  set(folder ${CMAKE_INSTALL_DATAROOTDIR}/doc/${name})
  install(FILES LICENSE DESTINATION ${folder} COMPONENT ${component} RENAME copyright EXCLUDE_FROM_ALL)
  install(FILES ${PROJECT_BINARY_DIR}/changelog.gz DESTINATION ${folder} COMPONENT ${component} EXCLUDE_FROM_ALL)
endmacro()
set(same_version "(= ${PROJECT_VERSION})")
rwkv_debian_package(tools rwkv-tools science "" "RWKV language models on a CPU - tools")
rwkv_debian_package(library librwkv0 libs "" "RWKV language models on a CPU - library")
rwkv_debian_package(development librwkv-dev libdevel "librwkv0 ${same_version}" "RWKV language models on a CPU - development files")
rwkv_debian_package(python python3-rwkv python "librwkv0 ${same_version}, python3, python3-numpy"
                    "RWKV language models on a CPU - Python package")
install(DIRECTORY python/rwkv_toolkit DESTINATION lib/python3/dist-packages COMPONENT python EXCLUDE_FROM_ALL
        FILES_MATCHING PATTERN "*.py" PATTERN "py.typed")
set(CPACK_DEBIAN_PYTHON_PACKAGE_ARCHITECTURE all)

set(CPACK_COMPONENTS_ALL tools library development python)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PYTHON_PACKAGE_SHLIBDEPS OFF)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SHLIBDEPS OFF)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${CMAKE_LIBRARY_OUTPUT_DIRECTORY})
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_PACKAGING_INSTALL_PREFIX ${CMAKE_INSTALL_PREFIX})
file(WRITE ${PROJECT_BINARY_DIR}/triggers "activate-noawait ldconfig\n")
set(CPACK_DEBIAN_LIBRARY_PACKAGE_CONTROL_EXTRA ${PROJECT_BINARY_DIR}/triggers)
set(CPACK_PRE_BUILD_SCRIPTS ${PROJECT_SOURCE_DIR}/cmake/compress_man_pages.cmake)
include(CPack)
