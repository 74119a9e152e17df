# The cuda backend: a CUDA toolkit 12 or later, cuBLASLt and cuDNN 9, or none of it (ALEXNET_CUDA).
# cuDNN and cuBLASLt are opened when they are needed; the runtime is linked statically. So what is built
# here runs without any of them.
set(ALEXNET_CUDA AUTO CACHE STRING "the cuda backend: AUTO (where the toolkit is), ON or OFF")
set(CUDNN_ROOT "" CACHE PATH "where cuDNN is, if not in the toolkit: include/ and lib/")

set(ALEXNET_HAS_CUDA OFF)
set(cuda_missing "")
if(ALEXNET_CUDA)
  include(CheckLanguage)
  check_language(CUDA)
  if(NOT CMAKE_CUDA_COMPILER)
    set(cuda_missing "nvcc")
  else()
    find_package(CUDAToolkit 12 QUIET)
    find_path(CUDNN_INCLUDE cudnn_graph.h HINTS ${CUDNN_ROOT}/include ${CUDAToolkit_INCLUDE_DIRS})
    find_path(CUBLASLT_INCLUDE cublasLt.h HINTS ${CUDAToolkit_INCLUDE_DIRS})
    if(NOT CUDAToolkit_FOUND)
      set(cuda_missing "a CUDA toolkit, 12 or later")
    elseif(NOT CUDNN_INCLUDE)
      set(cuda_missing "cuDNN 9 (cudnn_graph.h)")
    elseif(NOT CUBLASLT_INCLUDE)
      set(cuda_missing "cuBLASLt")
    endif()
  endif()
  if(cuda_missing AND NOT ALEXNET_CUDA STREQUAL AUTO)
    message(FATAL_ERROR "ALEXNET_CUDA is ${ALEXNET_CUDA}, but there is no ${cuda_missing}")
  endif()
  if(NOT cuda_missing)
    set(ALEXNET_HAS_CUDA ON)
  endif()
endif()

if(ALEXNET_HAS_CUDA)
  # Machine code for the chips that the toolkit knows, from sm_70 to sm_90; PTX of the last for later
  # ones.
  execute_process(COMMAND ${CMAKE_CUDA_COMPILER} --list-gpu-code OUTPUT_VARIABLE known)
  string(REGEX MATCHALL "sm_[0-9]+" known "${known}")
  list(TRANSFORM known REPLACE "sm_" "")
  list(REMOVE_DUPLICATES known)
  list(SORT known COMPARE NATURAL)
  set(chips "")
  foreach(chip IN LISTS known)
    if(chip GREATER_EQUAL 70 AND chip LESS_EQUAL 90)
      list(APPEND chips ${chip})
    endif()
  endforeach()
  if(CMAKE_CUDA_ARCHITECTURES MATCHES "^all") # CMake's own list may not be this toolkit's
    set(chips ${known})
  endif()
  if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES OR CMAKE_CUDA_ARCHITECTURES MATCHES "^all")
    list(GET chips -1 newest)
    list(TRANSFORM chips APPEND -real)
    set(CMAKE_CUDA_ARCHITECTURES ${chips} ${newest}-virtual)
  endif()
  set(CMAKE_CUDA_STANDARD 17)
  set(CMAKE_CUDA_STANDARD_REQUIRED ON)
  enable_language(CUDA)
  message(STATUS "Backend cuda: toolkit ${CUDAToolkit_VERSION}, ${CMAKE_CUDA_ARCHITECTURES}")

  # The same for describe.c, as numbers: the chips that have machine code, and the PTX.
  set(built ${CMAKE_CUDA_ARCHITECTURES})
  if(built STREQUAL "native")
    set(built ${CMAKE_CUDA_ARCHITECTURES_NATIVE})
  endif()
  set(images "")
  set(ptx "")
  foreach(code IN LISTS built)
    if(NOT code MATCHES "^([0-9]+)[af]?(-real|-virtual)?$")
      message(FATAL_ERROR "CMAKE_CUDA_ARCHITECTURES has ${code}; expected numbers such as 90-real, or native")
    endif()
    set(ALEXNET_CUDA_NEWEST ${CMAKE_MATCH_1}) # the last of them
    if(NOT CMAKE_MATCH_2 STREQUAL "-virtual")
      string(APPEND images "${CMAKE_MATCH_1},")
    endif()
    if(NOT CMAKE_MATCH_2 STREQUAL "-real")
      string(APPEND ptx "${CMAKE_MATCH_1},")
    endif()
  endforeach()
  # cuDNN may be in a folder of its own, where the program must look too.
  find_library(CUDNN_LIBRARY NAMES libcudnn.so.9 HINTS ${CUDNN_ROOT} ${CUDAToolkit_LIBRARY_DIR}
               PATH_SUFFIXES lib lib64)
  if(CUDNN_LIBRARY)
    get_filename_component(cudnn_libraries ${CUDNN_LIBRARY} DIRECTORY)
  elseif(CUDNN_ROOT)
    set(cudnn_libraries ${CUDNN_ROOT}/lib)
  else()
    set(cudnn_libraries ${CUDAToolkit_LIBRARY_DIR})
  endif()

  add_library(alexnet_cuda INTERFACE)
  target_include_directories(alexnet_cuda SYSTEM INTERFACE ${CUDNN_INCLUDE} ${CUBLASLT_INCLUDE}
                             ${CUDAToolkit_INCLUDE_DIRS})
  target_compile_definitions(alexnet_cuda INTERFACE
    $<$<COMPILE_LANGUAGE:C>:AN_CUDA_IMAGES=${images}0>
    $<$<COMPILE_LANGUAGE:C>:AN_CUDA_PTX=${ptx}0>
    $<$<COMPILE_LANGUAGE:C>:AN_CUDNN_LIBRARIES="${cudnn_libraries}">
    $<$<COMPILE_LANGUAGE:C>:AN_CUDA_DNN_NAME="libcudnn.so.9">
    $<$<COMPILE_LANGUAGE:C>:AN_CUDA_BLAS_NAME="libcublasLt.so.${CUDAToolkit_VERSION_MAJOR}">
    $<$<COMPILE_LANGUAGE:C>:AN_CUDA_LIBRARIES="${CUDAToolkit_LIBRARY_DIR}">)
  target_link_libraries(alexnet_cuda INTERFACE CUDA::cudart_static ${CMAKE_DL_LIBS})
else()
  message(STATUS "Backend cuda: not built (${ALEXNET_CUDA}; missing: ${cuda_missing})")
endif()

# Programs are C, and the C compiler links them. nvcc may use another host compiler.
function(an_link_as_c folder)
  get_property(targets DIRECTORY ${folder} PROPERTY BUILDSYSTEM_TARGETS)
  foreach(target IN LISTS targets)
    get_target_property(type ${target} TYPE)
    if(type MATCHES "EXECUTABLE|SHARED_LIBRARY")
      set_target_properties(${target} PROPERTIES LINKER_LANGUAGE C)
    endif()
  endforeach()
  get_property(folders DIRECTORY ${folder} PROPERTY SUBDIRECTORIES)
  foreach(sub IN LISTS folders)
    an_link_as_c(${sub})
  endforeach()
endfunction()
