# The shared libraries, and all that is installed but the tools.
include(CMakePackageConfigHelpers)

# A shared library that exports what the linker script lists, and nothing else.
function(rwkv_add_shared_library target exports)
  add_library(${target} SHARED ${ARGN})
  set_target_properties(${target} PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}
                        CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON LINK_DEPENDS ${exports})
  target_link_libraries(${target} PRIVATE $<BUILD_INTERFACE:rwkv_options>)
  if(UNIX AND NOT APPLE)
    target_link_options(${target} PRIVATE LINKER:--version-script=${exports} LINKER:--as-needed)
    if(NOT RWKV_SANITIZE)
      target_link_options(${target} PRIVATE LINKER:--no-undefined)
    endif()
  endif()
endfunction()

# librwkv: the C interface over the objects of the static library.
rwkv_add_shared_library(rwkv_shared ${PROJECT_SOURCE_DIR}/cmake/rwkv.map $<TARGET_OBJECTS:rwkv>)
add_library(rwkv::shared ALIAS rwkv_shared)
set_target_properties(rwkv_shared PROPERTIES OUTPUT_NAME rwkv EXPORT_NAME rwkv)
target_include_directories(rwkv_shared INTERFACE $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
                           $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_link_libraries(rwkv_shared PRIVATE Threads::Threads Boost::json PkgConfig::HWY PkgConfig::UTF8PROC PkgConfig::PCRE2 ZLIB::ZLIB)

# librwkv_compat: the functions of rwkv.cpp, over librwkv.
rwkv_add_shared_library(rwkv_compat ${PROJECT_SOURCE_DIR}/compat/exports.map ${PROJECT_SOURCE_DIR}/compat/rwkv_cpp.cc)
target_compile_features(rwkv_compat PRIVATE cxx_std_20)
target_link_libraries(rwkv_compat PRIVATE rwkv_shared)

set_target_properties(rwkv PROPERTIES EXPORT_NAME static)
if(NOT CMAKE_INSTALL_PREFIX STREQUAL /usr)
  set_target_properties(rwkv_compat PROPERTIES INSTALL_RPATH $ORIGIN)  # it finds librwkv beside itself
endif()
set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/rwkv)
install(TARGETS rwkv_shared EXPORT rwkvTargets LIBRARY COMPONENT library NAMELINK_COMPONENT development)
install(TARGETS rwkv_compat LIBRARY COMPONENT library NAMELINK_COMPONENT development)
install(TARGETS rwkv EXPORT rwkvStaticTargets ARCHIVE COMPONENT development)
foreach(set rwkvTargets rwkvStaticTargets)
  install(EXPORT ${set} NAMESPACE rwkv:: DESTINATION ${package_folder} COMPONENT development)
endforeach()
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/rwkvConfig.cmake.in ${PROJECT_BINARY_DIR}/rwkvConfig.cmake
                              INSTALL_DESTINATION ${package_folder})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/rwkvConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/rwkvConfig.cmake ${PROJECT_BINARY_DIR}/rwkvConfigVersion.cmake
        DESTINATION ${package_folder} COMPONENT development)
file(RELATIVE_PATH up_to_prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(${PROJECT_SOURCE_DIR}/cmake/rwkv.pc.in ${PROJECT_BINARY_DIR}/rwkv.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/rwkv.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)
find_program(RWKV_AWK NAMES awk)
if(RWKV_AWK)
  # rwkv_man_page(COMPONENT PAGE SOURCE SCRIPT ARGUMENTS...) writes a page of the manual from its source by awk.
  function(rwkv_man_page component page source script)
    cmake_path(GET page EXTENSION LAST_ONLY section)
    string(REPLACE . man folder ${section})
    set(path ${PROJECT_BINARY_DIR}/share/man/${folder}/${page})
    file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/share/man/${folder})
    add_custom_command(OUTPUT ${path} VERBATIM DEPENDS ${PROJECT_SOURCE_DIR}/${source} ${PROJECT_SOURCE_DIR}/${script}
      COMMAND ${RWKV_AWK} -v version=${PROJECT_VERSION} ${ARGN} -f ${PROJECT_SOURCE_DIR}/${script}
              ${PROJECT_SOURCE_DIR}/${source} > ${path})
    add_custom_target(${page} ALL DEPENDS ${path})
    install(FILES ${path} DESTINATION ${CMAKE_INSTALL_MANDIR}/${folder} COMPONENT ${component})
  endfunction()
  rwkv_man_page(development rwkv.3 include/rwkv/rwkv.h scripts/header_to_man.awk)
  rwkv_man_page(tools rwkv-formats.5 docs/formats.md scripts/markdown_to_man.awk
                -v name=rwkv-formats -v "about=what the RWKV tools read and write")
endif()
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/rwkv DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development)
install(FILES LICENSE README.md CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT tools)
install(DIRECTORY examples DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT development USE_SOURCE_PERMISSIONS)
