# What `make install` installs: the header, both libraries, the command with its manual page and its
# completion, the files by which pkg-config and CMake find the libraries, networks, recipes, documents
# and examples.
include(CMakePackageConfigHelpers)

install(FILES include/alexnet/alexnet.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/alexnet)
install(DIRECTORY nets recipes DESTINATION ${CMAKE_INSTALL_DATADIR}/alexnet)
install(DIRECTORY docs examples DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES README.md CONTRIBUTING.md LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(TARGETS alexnet RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})

# The program prints its manual page and its completion, if it runs on the machine that builds it.
if(CMAKE_CROSSCOMPILING AND NOT CMAKE_CROSSCOMPILING_EMULATOR)
  message(STATUS "cross-compiled: no manual page and no completion for shells are installed")
else()
  set(printed "")
  function(an_install_printed folder name) # and what is printed by: alexnet ARGN
    set(file ${CMAKE_CURRENT_BINARY_DIR}/printed/${name})
    add_custom_command(OUTPUT ${file} DEPENDS alexnet VERBATIM
                       COMMAND alexnet ${ARGN} > ${file} COMMENT "Printing ${name}")
    install(FILES ${file} DESTINATION ${folder})
    set(printed ${printed} ${file} PARENT_SCOPE)
  endfunction()
  file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/printed)
  set(data ${CMAKE_INSTALL_DATADIR})
  an_install_printed(${CMAKE_INSTALL_MANDIR}/man1 alexnet.1 manual)
  an_install_printed(${data}/bash-completion/completions alexnet completion bash)
  an_install_printed(${data}/zsh/site-functions _alexnet completion zsh)
  an_install_printed(${data}/fish/vendor_completions.d alexnet.fish completion fish)
  add_custom_target(alexnet_printed ALL DEPENDS ${printed})
endif()

# CMake: alexnet::alexnet is the shared library, alexnet::static the static one.
set_target_properties(alexnet_shared PROPERTIES EXPORT_NAME alexnet)
set_target_properties(alexnet_static PROPERTIES EXPORT_NAME static)
install(TARGETS alexnet_shared alexnet_static EXPORT alexnet
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
# The linker finds the system's oneDNN by its name; for another, it needs the folder.
set(dnnl_flags -ldnnl)
if(ALEXNET_DNNL_ROOT)
  get_filename_component(dnnl_folder ${DNNL_LIBRARY} DIRECTORY)
  set(dnnl_flags -L${dnnl_folder} -Wl,-rpath,${dnnl_folder} -ldnnl)
  set_target_properties(alexnet alexnet_shared PROPERTIES INSTALL_RPATH ${dnnl_folder})
endif()

# The shared library contains the CUDA runtime; programs that use the static one link it too.
set(cuda_flags "")
if(ALEXNET_HAS_CUDA)
  set(cuda_flags -L${CUDAToolkit_LIBRARY_DIR} -lcudart_static -ldl -lrt)
endif()

# What a program links that uses the static library. alexnet.pc names these libraries instead of
# requiring their modules: pkg-config would look for those, which come with packages for developers,
# even for a program that uses the shared library and needs none of them.
set(static_needs "")
foreach(module JPEG PNG ZLIB JANSSON INIH WEBP GIF TIFF HEIF LMDB)
  list(APPEND static_needs ${${module}_LDFLAGS})
endforeach()
list(REMOVE_DUPLICATES static_needs)
list(APPEND static_needs ${dnnl_flags} ${cuda_flags} ${OpenMP_C_FLAGS} -pthread -lm)
list(JOIN static_needs " " ALEXNET_PC_PRIVATE)
set_property(TARGET alexnet_static APPEND PROPERTY INTERFACE_LINK_LIBRARIES
                                                   "$<INSTALL_INTERFACE:${static_needs}>")

# pkg-config, relative to the file, so that an installation may be moved.
file(RELATIVE_PATH ALEXNET_PC_PREFIX /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(cmake/alexnet.pc.in alexnet.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/alexnet.pc
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/alexnet)
install(EXPORT alexnet NAMESPACE alexnet:: FILE alexnetTargets.cmake DESTINATION ${package})
configure_package_config_file(cmake/alexnetConfig.cmake.in alexnetConfig.cmake
                              INSTALL_DESTINATION ${package})
write_basic_package_version_file(alexnetConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/alexnetConfig.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/alexnetConfigVersion.cmake DESTINATION ${package})
