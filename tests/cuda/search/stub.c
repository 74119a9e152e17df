/* A library that is found but has none of the functions. */
extern const int cuda_search_stub;
const int cuda_search_stub = 1;
