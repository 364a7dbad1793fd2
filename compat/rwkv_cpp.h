// The functions of librwkv_compat, which programs built for rwkv.cpp call. Such programs use that project's
// own header; this one is for our tests.
#pragma once
#include <cstddef>
#include <cstdint>

#define RWKV_COMPAT_API __attribute__((visibility("default")))

extern "C" {

struct rwkv_context;  // one evaluation at a time; contexts run in parallel

// NULL on failure. For RWKV-5 the group norm's epsilon is 1e-5, as in rwkv.cpp. n_gpu_layers is ignored.
RWKV_COMPAT_API rwkv_context* rwkv_init_from_file(const char* path, uint32_t n_threads,
                                                  uint32_t n_gpu_layers);
// Shares the weights.
RWKV_COMPAT_API rwkv_context* rwkv_clone_context(rwkv_context* context, uint32_t n_threads);
RWKV_COMPAT_API void rwkv_free(rwkv_context* context);

// A state holds, layer by layer, ffn_xx [C], att_xx [C], then for RWKV-4 aa, bb, pp [C], else S: [head, key,
// value], or [head, value, key] for RWKV-7. state_in NULL: a new state. state_out and logits_out may be NULL.
// state_in may equal state_out.
RWKV_COMPAT_API bool rwkv_eval(rwkv_context* context, uint32_t token, const float* state_in, float* state_out,
                               float* logits_out);
// The logits after the last token. `tokens` NULL: does nothing, successfully.
RWKV_COMPAT_API bool rwkv_eval_sequence(rwkv_context* context, const uint32_t* tokens, size_t n_tokens,
                                        const float* state_in, float* state_out, float* logits_out);
RWKV_COMPAT_API bool rwkv_eval_sequence_in_chunks(rwkv_context* context, const uint32_t* tokens,
                                                  size_t n_tokens, size_t chunk_size, const float* state_in,
                                                  float* state_out, float* logits_out);
RWKV_COMPAT_API void rwkv_init_state(const rwkv_context* context, float* state);

RWKV_COMPAT_API size_t rwkv_get_n_vocab(const rwkv_context* context);
RWKV_COMPAT_API size_t rwkv_get_n_embed(const rwkv_context* context);
RWKV_COMPAT_API size_t rwkv_get_n_layer(const rwkv_context* context);
RWKV_COMPAT_API size_t rwkv_get_state_len(const rwkv_context* context);
RWKV_COMPAT_API size_t rwkv_get_logits_len(const rwkv_context* context);
RWKV_COMPAT_API uint32_t rwkv_get_state_buffer_element_count(const rwkv_context* context);
RWKV_COMPAT_API uint32_t rwkv_get_logits_buffer_element_count(const rwkv_context* context);

// Whether failures are printed to standard error (the default). context NULL: for the calling thread's calls
// without a context.
RWKV_COMPAT_API void rwkv_set_print_errors(rwkv_context* context, bool print_errors);
RWKV_COMPAT_API bool rwkv_get_print_errors(const rwkv_context* context);
// Returns the last failure and clears it: a category (1 arguments, 2 file, 3 model, 4 its parameters, 5
// graph, 6 context) << 8, and a detail: 1 memory, 2 opening, 4 reading, 5 writing, 6 magic, 8 data type, 9
// not supported, 13 data.
RWKV_COMPAT_API int rwkv_get_last_error(rwkv_context* context);

// Writes a file of this toolkit: format_name Q8_0 becomes q8, Q5_0 and Q5_1 q6, Q4_0 and Q4_1 q4.
RWKV_COMPAT_API bool rwkv_quantize_model_file(const char* path_in, const char* path_out,
                                              const char* format_name);
RWKV_COMPAT_API const char* rwkv_get_system_info_string();
}
