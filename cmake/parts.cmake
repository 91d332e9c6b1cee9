# cairn_part(NAME DEPS part... LIBS target... TEST_LIBS target...)
#
# A part is a folder of src/ whose every *.cc is compiled into the library cairn_NAME, except *_test.cc, which
# make the program NAME_test, registered with ctest under the label NAME ("ctest -L NAME"). So a file that lies there is
# built and a test that lies there runs: none can be forgotten. A test whose suite begins with "Long" has the
# label "long" instead and runs only in ./test --all.
function(cairn_part NAME)
  cmake_parse_arguments(P "" "" "DEPS;LIBS;TEST_LIBS" ${ARGN})
  file(GLOB_RECURSE SOURCES CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  set(TESTS ${SOURCES})
  list(FILTER SOURCES EXCLUDE REGEX "_test\\.cc$")
  list(FILTER TESTS INCLUDE REGEX "_test\\.cc$")
  list(FILTER SOURCES EXCLUDE REGEX "/main\\.cc$")
  set(DEPS ${P_DEPS})
  list(TRANSFORM DEPS PREPEND cairn_)
  if(SOURCES)
    add_library(cairn_${NAME} STATIC ${SOURCES})
    target_include_directories(cairn_${NAME} PUBLIC ${CMAKE_SOURCE_DIR}/src)
    target_link_libraries(cairn_${NAME} PUBLIC ${DEPS} ${P_LIBS} PRIVATE cairn_flags)
  else()
    add_library(cairn_${NAME} INTERFACE)
    target_include_directories(cairn_${NAME} INTERFACE ${CMAKE_SOURCE_DIR}/src)
    target_link_libraries(cairn_${NAME} INTERFACE ${DEPS} ${P_LIBS})
  endif()
  if(TESTS)
    add_executable(${NAME}_test ${TESTS})
    target_link_libraries(${NAME}_test PRIVATE cairn_${NAME} cairn_flags GTest::gtest GTest::gtest_main ${P_TEST_LIBS})
    gtest_discover_tests(${NAME}_test TEST_FILTER "-Long*" PROPERTIES LABELS ${NAME} DISCOVERY_TIMEOUT 60)
    gtest_discover_tests(${NAME}_test TEST_FILTER "Long*" TEST_LIST ${NAME}_long PROPERTIES LABELS long DISCOVERY_TIMEOUT 60)
  endif()
endfunction()

# cairn_embed(NAME FILE...): the files' bytes as std::string_view cairn::embedded::<file_name_with_underscores>(),
# declared in "embedded/NAME.h", linked into the library cairn_NAME. For catalogues, templates, example data.
function(cairn_embed NAME)
  set(DIR ${CMAKE_CURRENT_BINARY_DIR}/embedded_include/embedded)
  set(HEADER "#pragma once\n#include <string_view>\nnamespace cairn::embedded {\n")
  set(SOURCE "#include \"embedded/${NAME}.h\"\nnamespace cairn::embedded {\n")
  foreach(FILE ${ARGN})
    cmake_path(ABSOLUTE_PATH FILE OUTPUT_VARIABLE FULL)
    cmake_path(GET FILE FILENAME LEAF)
    string(REGEX REPLACE "[^A-Za-z0-9]" "_" SYMBOL ${LEAF})
    string(APPEND HEADER "std::string_view ${SYMBOL}();\n")
    string(APPEND SOURCE "extern \"C\" const char cairn_embedded_${SYMBOL}[], cairn_embedded_${SYMBOL}_end[];\n"
      "asm(\".section .rodata\\n.global cairn_embedded_${SYMBOL}\\n.global cairn_embedded_${SYMBOL}_end\\ncairn_embedded_${SYMBOL}:\\n\"\n"
      "    \".incbin \\\"${FULL}\\\"\\ncairn_embedded_${SYMBOL}_end:\\n.byte 0\\n.section .text\\n\");\n"
      "std::string_view ${SYMBOL}() { return {cairn_embedded_${SYMBOL}, static_cast<std::size_t>(cairn_embedded_${SYMBOL}_end - cairn_embedded_${SYMBOL})}; }\n")
    list(APPEND FULLS ${FULL})
  endforeach()
  file(CONFIGURE OUTPUT ${DIR}/${NAME}.h CONTENT "${HEADER}}\n" @ONLY)
  file(CONFIGURE OUTPUT ${DIR}/${NAME}.cc CONTENT "${SOURCE}}\n" @ONLY)
  set_source_files_properties(${DIR}/${NAME}.cc PROPERTIES OBJECT_DEPENDS "${FULLS}")
  target_sources(cairn_${NAME} PRIVATE ${DIR}/${NAME}.cc)
  target_include_directories(cairn_${NAME} PUBLIC ${CMAKE_CURRENT_BINARY_DIR}/embedded_include)
endfunction()
