# The libraries that docs/architecture.md lists. What libalexnet itself needs is gathered in
# `alexnet_dependencies`; the command adds cairo, the tests cmocka.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(OpenMP REQUIRED COMPONENTS C)
pkg_check_modules(JPEG REQUIRED IMPORTED_TARGET libjpeg)
pkg_check_modules(PNG REQUIRED IMPORTED_TARGET libpng)
pkg_check_modules(ZLIB REQUIRED IMPORTED_TARGET zlib) # which libpng needs
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson>=2.11)
pkg_check_modules(INIH REQUIRED IMPORTED_TARGET inih)
pkg_check_modules(CAIRO REQUIRED IMPORTED_TARGET cairo)

# Picture formats whose library may be absent. Each has a file in src/data/codec.
set(ALEXNET_CODECS "")
pkg_check_modules(WEBP IMPORTED_TARGET libwebp libwebpdemux)
set(WEBP_VERSION ${WEBP_libwebp_VERSION}) # of two modules pkg_check_modules() names each
pkg_check_modules(GIF IMPORTED_TARGET libgif)
pkg_check_modules(TIFF IMPORTED_TARGET libtiff-4>=4.5)
pkg_check_modules(HEIF IMPORTED_TARGET libheif>=1.15)
pkg_check_modules(OLD_TIFF QUIET libtiff-4)
if(OLD_TIFF_FOUND AND NOT TIFF_FOUND)
  message(STATUS "TIFF is not read: libtiff ${OLD_TIFF_VERSION} reports errors to the whole "
                 "process only; 4.5 or later is needed")
endif()
pkg_check_modules(LMDB IMPORTED_TARGET lmdb) # Caffe's databases: src/data/store
foreach(codec webp gif tiff heif)
  string(TOUPPER ${codec} CODEC)
  if(${CODEC}_FOUND)
    list(APPEND ALEXNET_CODECS ${codec})
  endif()
endforeach()

# oneDNN 2.6 or later: the system's, or the one under ALEXNET_DNNL_ROOT (include/ and lib/).
if(ALEXNET_DNNL_ROOT)
  set(dnnl_only NO_DEFAULT_PATH)
endif()
find_path(DNNL_INCLUDE dnnl.h HINTS ${ALEXNET_DNNL_ROOT}/include REQUIRED ${dnnl_only})
find_library(DNNL_LIBRARY dnnl HINTS ${ALEXNET_DNNL_ROOT}/lib REQUIRED ${dnnl_only})
add_library(dnnl INTERFACE)
target_include_directories(dnnl SYSTEM INTERFACE ${DNNL_INCLUDE})
target_link_libraries(dnnl INTERFACE ${DNNL_LIBRARY})

add_library(alexnet_dependencies INTERFACE)
target_link_libraries(alexnet_dependencies INTERFACE
                      dnnl PkgConfig::JPEG PkgConfig::PNG PkgConfig::ZLIB PkgConfig::JANSSON PkgConfig::INIH
                      OpenMP::OpenMP_C Threads::Threads m)
foreach(codec IN LISTS ALEXNET_CODECS)
  string(TOUPPER ${codec} CODEC)
  target_link_libraries(alexnet_dependencies INTERFACE PkgConfig::${CODEC})
endforeach()
if(LMDB_FOUND)
  target_link_libraries(alexnet_dependencies INTERFACE PkgConfig::LMDB)
endif()
if(ALEXNET_HAS_CUDA)
  target_link_libraries(alexnet_dependencies INTERFACE alexnet_cuda)
endif()
