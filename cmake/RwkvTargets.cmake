# How each kind of target of this project is made.

# Warnings and sanitizers that hold for all of our own code.
add_library(rwkv_options INTERFACE)
target_compile_features(rwkv_options INTERFACE cxx_std_20)
# No contraction: an a*b+c that the compiler fuses on one machine only would change the bits of a result.
# Kernels keep vectors in arrays, which SVE and RVV cannot; NEON serves their CPUs. VNNI (AVX3_DL) is left out by
# Highway unless asked for. What newer versions of Highway have beyond AVX3_DL (AVX3_ZEN4, AVX3_SPR, AVX10_2: the lowest
# seven bits) would only be a copy of AVX3_DL's code: kernels ask by themselves for extensions (lib/kernels/targets.h).
set(disabled_targets "0x7FLL|HWY_SSSE3|HWY_SVE|HWY_SVE2|HWY_SVE_256|HWY_SVE2_128|HWY_RVV")
if(RWKV_FEW_SIMD_TARGETS)
  string(APPEND disabled_targets "|HWY_SSE4|HWY_AVX3")
endif()
target_compile_definitions(rwkv_options INTERFACE "HWY_DISABLED_TARGETS=(${disabled_targets})" HWY_WANT_AVX3_DL)
target_compile_options(rwkv_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion
                       -Wnon-virtual-dtor -Wold-style-cast -ffp-contract=off)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(rwkv_options INTERFACE -Wno-restrict)  # false alarms on std::string's + (GCC bug 105651)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
  # For AArch64 g++ moves loads forward before it allots registers: kernels' sums are then kept in memory.
  target_compile_options(rwkv_options INTERFACE -fno-schedule-insns)
endif()
if(RWKV_WERROR)
  target_compile_options(rwkv_options INTERFACE -Werror)
endif()
# What an error in memory could be used for is made harder; sanitizers, which find the error, go without.
if(CMAKE_BUILD_TYPE STREQUAL Release AND NOT RWKV_SANITIZE)
  target_compile_options(rwkv_options INTERFACE -fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
  target_link_options(rwkv_options INTERFACE LINKER:-z,relro,-z,now)
endif()
if(RWKV_SANITIZE)
  target_compile_options(rwkv_options INTERFACE -fsanitize=${RWKV_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(rwkv_options INTERFACE -fsanitize=${RWKV_SANITIZE})
endif()

# The library: all of lib/, for this project's own programs with the C++ of lib/ as include root, for others with
# include/. Its objects go into the shared library too (RwkvInstall.cmake), so nothing of lib/ is compiled twice.
function(rwkv_add_library)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/lib/*.cc)
  add_library(rwkv STATIC ${sources})
  add_library(rwkv::rwkv ALIAS rwkv)
  set(as_system)
  if(NOT PROJECT_IS_TOP_LEVEL)
    set(as_system SYSTEM)  # warnings in our headers are not for those who include them
  endif()
  target_include_directories(rwkv ${as_system} PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/lib>
                             $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_compile_features(rwkv PUBLIC cxx_std_20)
  target_compile_definitions(rwkv PRIVATE RWKV_VERSION="${PROJECT_VERSION}")
  set_target_properties(rwkv PROPERTIES POSITION_INDEPENDENT_CODE ON CXX_VISIBILITY_PRESET hidden
                        VISIBILITY_INLINES_HIDDEN ON)
  target_link_libraries(rwkv PRIVATE $<BUILD_INTERFACE:rwkv_options> $<BUILD_INTERFACE:Eigen3::Eigen> Threads::Threads Boost::json PkgConfig::HWY
                        PkgConfig::UTF8PROC PkgConfig::PCRE2 ZLIB::ZLIB)
endfunction()

# tools/serve/page.html becomes a string in the program.
function(rwkv_embed_page)
  set(page ${PROJECT_SOURCE_DIR}/tools/serve/page.html)
  file(READ ${page} RWKV_PAGE)
  configure_file(${PROJECT_SOURCE_DIR}/tools/serve/page.cc.in ${PROJECT_BINARY_DIR}/serve_page.cc @ONLY)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${page})
endfunction()

# The commit that is built, as far as git knows it where the build is configured; empty outside a clone.
function(rwkv_commit result)
  find_package(Git QUIET)
  set(commit "")
  if(GIT_FOUND)
    execute_process(COMMAND ${GIT_EXECUTABLE} -C ${PROJECT_SOURCE_DIR} rev-parse --short=12 HEAD
                    OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  endif()
  set(${result} "${commit}" PARENT_SCOPE)
endfunction()

# tools/rwkv_x.cc becomes the program rwkv-x; the folders of tools/ are one library, for all programs and for tests.
function(rwkv_add_tool source)
  if(NOT TARGET rwkv_tool)
    rwkv_embed_page()
    file(GLOB shared CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tools/*/*.cc)
    add_library(rwkv_tool STATIC ${shared} ${PROJECT_BINARY_DIR}/serve_page.cc)
    target_include_directories(rwkv_tool PUBLIC ${PROJECT_SOURCE_DIR}/tools)
    rwkv_commit(commit)
    file(GLOB tools RELATIVE ${PROJECT_SOURCE_DIR}/tools CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tools/rwkv_*.cc)
    string(REGEX REPLACE "([^;]*)\\.cc" "\\1" tools "${tools}")
    string(REPLACE ";" " " tools "${tools}")
    string(REPLACE "_" "-" tools "${tools}")
    set_source_files_properties(${PROJECT_SOURCE_DIR}/tools/common/version.cc ${PROJECT_SOURCE_DIR}/tools/common/man_page.cc PROPERTIES
      COMPILE_DEFINITIONS "RWKV_VERSION=\"${PROJECT_VERSION}\";RWKV_COMMIT=\"${commit}\";RWKV_TOOL_NAMES=\"${tools}\"")
    target_link_libraries(rwkv_tool PUBLIC rwkv PRIVATE rwkv_options Boost::json Boost::program_options PkgConfig::CRYPTO
                          PkgConfig::EDIT)
  endif()
  get_filename_component(name ${source} NAME_WE)
  string(REPLACE "_" "-" name ${name})
  add_executable(${name} ${source})
  target_link_libraries(${name} PRIVATE rwkv_tool rwkv_options Boost::json)
  if(UNIX AND NOT APPLE)
    target_link_options(${name} PRIVATE LINKER:--as-needed)  # a library that is not used costs its loading
  endif()
  install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT tools)
  rwkv_generate_from(${name} man man/man1/${name}.1)
  rwkv_generate_from(${name} bash bash-completion/completions/${name})
  rwkv_generate_from(${name} zsh zsh/site-functions/_${name})
  rwkv_generate_from(${name} fish fish/vendor_completions.d/${name}.fish)
endfunction()

# What a tool makes of its options (man page, completions) goes to share/PATH, in the build as where it is installed.
function(rwkv_generate_from name what path)
  set(output ${PROJECT_BINARY_DIR}/share/${path})
  get_filename_component(folder ${path} DIRECTORY)
  add_custom_command(TARGET ${name} POST_BUILD
    COMMAND ${CMAKE_COMMAND} -E make_directory ${PROJECT_BINARY_DIR}/share/${folder}
    COMMAND ${name} --generate ${what} > ${output} VERBATIM)
  install(FILES ${output} DESTINATION ${CMAKE_INSTALL_DATADIR}/${folder} COMPONENT tools)
endfunction()

# tests/NAME/*_test.cc become one program test_NAME, its cases known to ctest under `label`.
function(rwkv_add_test name label)
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/${name}/*_test.cc)
  if(NOT sources)
    return()
  endif()
  file(GLOB support CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/support/*.cc)
  if(support AND NOT TARGET rwkv_test_support)
    add_library(rwkv_test_support STATIC ${support})
    target_include_directories(rwkv_test_support PUBLIC ${PROJECT_SOURCE_DIR}/tests)
    set_source_files_properties(${PROJECT_SOURCE_DIR}/tests/support/source_folder.cc PROPERTIES
                                COMPILE_DEFINITIONS RWKV_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
    target_link_libraries(rwkv_test_support PUBLIC rwkv GTest::gtest PRIVATE rwkv_options Boost::json PkgConfig::HWY)
  endif()
  add_executable(test_${name} ${sources})
  target_include_directories(test_${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(test_${name} PRIVATE rwkv rwkv_options GTest::gtest_main Boost::json PkgConfig::HWY)
  if(TARGET rwkv_test_support)
    target_link_libraries(test_${name} PRIVATE rwkv_test_support)
  endif()
  if(name STREQUAL tools)
    target_link_libraries(test_${name} PRIVATE rwkv_tool)
  endif()
  gtest_discover_tests(test_${name} PROPERTIES LABELS ${label} DISCOVERY_TIMEOUT 60)
endfunction()
