"""What backends say when memory runs out, as reported by their users, and what they say about other troubles."""

OUT_OF_MEMORY = {
    "cuda": "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 23.64 GiB of which 1.19 GiB is "
    "free. Including non-PyTorch memory, this process has 22.44 GiB memory in use.",
    "cuda runtime": "CUDA error: out of memory\nCUDA kernel errors might be asynchronously reported at some other API call",
    "cuda driver": "CUDA driver error: out of memory",
    "cuda before 2.0": "cuda runtime error (2) : out of memory at /pytorch/aten/src/THC/THCTensorCopy.cu:20",
    "cublas": "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
    "cublas start": "CUDA error: CUBLAS_STATUS_NOT_INITIALIZED when calling `cublasCreate(handle)`",
    "cudnn": "cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
    "cudnn workspace": "Unable to find a valid cuDNN algorithm to run convolution",
    "cudnn engine": "FIND was unable to find an engine to execute this computation",
    "cufft": "cuFFT error: CUFFT_ALLOC_FAILED",
    "mig": 'NVML_SUCCESS == r INTERNAL ASSERT FAILED at "../c10/cuda/CUDACachingAllocator.cpp":838, please report a bug',
    "hip": "HIP out of memory. Tried to allocate 2.00 MiB. GPU 0 has a total capacity of 23.41 GiB of which 21.22 GiB is "
    "free. 1.05 GiB allowed; Of the allocated memory 1017.01 MiB is allocated by PyTorch",
    "hip runtime": "HIP error: out of memory",
    "hip name": "HIP error: hipErrorOutOfMemory",
    "hipblas": "HIPBLAS_STATUS_ALLOC_FAILED when calling hipblasCreate",
    "rocblas": "rocblas_status_memory_error",
    "hsa": "HSA_STATUS_ERROR_OUT_OF_RESOURCES: The runtime failed to allocate the necessary resources.",
    "miopen": "miopenStatusAllocFailed",
    "mps": "MPS backend out of memory (MPS allocated: 0 bytes, other allocations: 448.00 KiB, max allowed: 242.48 MiB). "
    "Tried to allocate 256.00 MiB on shared pool. Use PYTORCH_MPS_HIGH_WATERMARK_RATIO=0.0 to disable upper limit for "
    "memory allocations (may cause system failure).",
    "mps buffer": "Invalid buffer size: 12.00 GiB",
    "mps queue": "Insufficient Memory (00000008:kIOGPUCommandBufferCallbackErrorOutOfMemory)",
    "cpu": "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to allocate "
    "98299904 bytes. Error code 12 (Cannot allocate memory)",
    "cpu windows": "[enforce fail at alloc_cpu.cpp:80] data. DefaultCPUAllocator: not enough memory: you tried to allocate",
    "cpu c++": "std::bad_alloc",
    "onednn": "could not create a memory object",
    "onednn work": "could not execute a primitive",
}

OTHER_MESSAGES = [
    "CUDA error: an illegal memory access was encountered",
    "CUDA error: device-side assert triggered",
    "CUDA error: no kernel image is available for execution on the device",
    "CUDA error: CUDA-capable device(s) is/are busy or unavailable",
    "mat1 and mat2 shapes cannot be multiplied (3x4 and 5x6)",
    "Expected all tensors to be on the same device, but found at least two devices, cuda:0 and cpu!",
    "cuDNN error: CUDNN_STATUS_BAD_PARAM",
    "MPS does not support cumsum op with int64 input",
    "HIP error: invalid device function",
    "[enforce fail at alloc_cpu.cpp:127] wrong alignment",
    "",
]
