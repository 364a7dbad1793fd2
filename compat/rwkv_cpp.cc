// rwkv.cpp's functions over rwkv/rwkv.h: programs built for it run unchanged.
#include "rwkv_cpp.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rwkv/rwkv.h"

namespace {

// A part of a layer's state, in the order in which rwkv.cpp keeps them.
struct Part {
  std::string name;
  size_t n_floats;
  size_t side;  // > 0: matrices [side, side], transposed there
  float initial;
};

struct Loaded {
  std::shared_ptr<rwkv_model> model;
  rwkv_info info{};
  std::vector<Part> parts{};
};

struct Failures {
  int last = 0;
  bool print = true;
};
// Of calls without a context.
thread_local Failures thread_failures;

// What went wrong: a category, or-ed with a detail.
constexpr int kArguments = 1 << 8, kFile = 2 << 8, kModel = 3 << 8, kContext = 6 << 8;
constexpr int kMemory = 1, kOpen = 2, kDataType = 8, kNotSupported = 9, kData = 13;

bool fail(Failures& failures, int what, const char* message) {
  failures.last = what;
  if (failures.print) std::fprintf(stderr, "rwkv: %s\n", message);
  return false;
}

struct Row {
  rwkv_code code;
  int what;
};
constexpr Row kMeanings[] = {{RWKV_USAGE, kArguments},
                             {RWKV_IO, kFile | kOpen},
                             {RWKV_FORMAT, kModel | kData},
                             {RWKV_UNSUPPORTED, kModel | kNotSupported},
                             {RWKV_MEMORY, kContext | kMemory}};

bool fail(Failures& failures, const rwkv_error& error) {
  const auto* row = std::ranges::find(kMeanings, static_cast<rwkv_code>(error.code), &Row::code);
  return fail(failures, row == std::end(kMeanings) ? kContext : row->what, error.message);
}

template <class Handle, void (*end)(Handle*)>
struct Ends {
  void operator()(Handle* handle) const { end(handle); }
};
using Runner = std::unique_ptr<rwkv_runner, Ends<rwkv_runner, rwkv_runner_free>>;
using Sequence = std::unique_ptr<rwkv_sequence, Ends<rwkv_sequence, rwkv_sequence_free>>;

constexpr float kNoExponentYet = -1e30F;

// Token shift's rows come first there, the channel mix's before the time mix's.
size_t place_of(const Part& part) { return part.name == "ffn_x" ? 0 : part.name == "att_x" ? 1 : 2; }

std::vector<Part> parts_of(const rwkv_model& model, const rwkv_info& info) {
  std::vector<Part> parts;
  for (size_t i = 0; i < info.n_parts; ++i) {
    rwkv_part part{};
    part.size = sizeof part;
    if (rwkv_model_part(&model, i, &part, nullptr) != RWKV_OK) return {};
    const bool is_turned = part.n_dims == 3 && info.version[0] == '7';
    parts.push_back(
        {part.name, part.n_floats, is_turned ? part.shape[2] : 0, std::max(part.initial, kNoExponentYet)});
  }
  std::ranges::stable_sort(parts, {}, place_of);
  return parts;
}

// Nothing's `model` is null.
Loaded load(const char* path, rwkv_error& error) {
  Loaded loaded;
  rwkv_load_options options = RWKV_LOAD_OPTIONS_INIT;
  for (;;) {
    loaded.model = {rwkv_model_load(path, &options, &error), rwkv_model_free};
    loaded.info.size = sizeof loaded.info;
    if (!loaded.model || rwkv_model_info(loaded.model.get(), &loaded.info, &error) != RWKV_OK) return {};
    if (loaded.info.version[0] != '5' || options.group_norm_eps != 0) break;
    options.group_norm_eps = 1e-5F;  // what rwkv.cpp takes
  }
  loaded.parts = parts_of(*loaded.model, loaded.info);
  return loaded;
}

// to[column][row] = from[row][column]; by blocks, so that both stay in the cache.
void transpose(const float* from, float* to, size_t side) {
  constexpr size_t kBlock = 8;
  for (size_t row = 0; row < side; row += kBlock) {
    for (size_t column = 0; column < side; ++column) {
      for (size_t r = row; r < std::min(side, row + kBlock); ++r)
        to[column * side + r] = from[r * side + column];
    }
  }
}

void copy_part(const Part& part, const float* from, float* to) {
  if (part.side == 0) {
    std::copy_n(from, part.n_floats, to);
    return;
  }
  for (size_t i = 0; i < part.n_floats; i += part.side * part.side) transpose(from + i, to + i, part.side);
}

}  // namespace

struct rwkv_context {
  Loaded loaded;
  Runner runner;
  Sequence sequence;
  Failures failures{};
};

namespace {

Failures& failures_of(rwkv_context* context) {
  return context == nullptr ? thread_failures : context->failures;
}

// Calls visit(part, its floats, its offset in a state of rwkv.cpp) for each part of each layer.
template <class Visit>
void for_each_part(const rwkv_context& context, Visit&& visit) {
  size_t offset = 0;
  for (size_t layer = 0; layer < context.loaded.info.n_layers; ++layer) {
    for (const Part& part : context.loaded.parts) {
      visit(part, rwkv_sequence_floats(context.sequence.get(), layer, part.name.c_str(), nullptr, nullptr),
            offset);
      offset += part.n_floats;
    }
  }
}

void read_state(const rwkv_context& context, const float* state) {
  for_each_part(context, [&](const Part& part, float* floats, size_t offset) {
    if (state == nullptr) {
      std::fill_n(floats, part.n_floats, part.initial);
    } else {
      copy_part(part, state + offset, floats);
    }
  });
}

void write_state(const rwkv_context& context, float* state) {
  for_each_part(context, [&](const Part& part, const float* floats, size_t offset) {
    copy_part(part, floats, state + offset);
  });
}

rwkv_context* make_context(const Loaded& loaded, uint32_t n_threads, Failures& failures, bool print) {
  rwkv_error error{};
  auto context = std::make_unique<rwkv_context>();
  context->loaded = loaded;
  context->failures.print = print;
  context->runner.reset(rwkv_runner_new(loaded.model.get(), n_threads, &error));
  if (context->runner) context->sequence.reset(rwkv_sequence_new(loaded.model.get(), &error));
  if (!context->sequence) {
    fail(failures, error);
    return nullptr;
  }
  return context.release();
}

bool eval(rwkv_context* context, std::span<const uint32_t> tokens, const float* state_in, float* state_out,
          float* logits_out) {
  if (context == nullptr) return fail(thread_failures, kArguments, "the context is NULL");
  const size_t n_vocab = context->loaded.info.n_vocab;
  if (tokens.empty() || std::ranges::any_of(tokens, [&](uint32_t token) { return token >= n_vocab; })) {
    return fail(context->failures, kArguments, "no tokens, or one that the vocabulary does not have");
  }
  read_state(*context, state_in);
  const int32_t want = logits_out == nullptr ? RWKV_WANT_STATE : RWKV_WANT_LAST;
  rwkv_item item{context->sequence.get(), tokens.data(), tokens.size(), want, logits_out, n_vocab, 0};
  rwkv_error error{};
  if (rwkv_runner_eval(context->runner.get(), &item, 1, &error) != RWKV_OK)
    return fail(context->failures, error);
  if (state_out != nullptr) write_state(*context, state_out);
  return true;
}

// An exception must not reach C; the only possible one is about memory.
template <class Result, class Body>
Result without_exceptions(Failures& failures, Result otherwise, Body&& body) noexcept {
  try {
    return body();
  } catch (...) {
    fail(failures, kContext | kMemory, "out of memory");
    return otherwise;
  }
}

}  // namespace

rwkv_context* rwkv_init_from_file(const char* path, uint32_t n_threads, uint32_t) {
  Failures& failures = thread_failures;
  failures.last = 0;
  return without_exceptions<rwkv_context*>(failures, nullptr, [&]() -> rwkv_context* {
    rwkv_error error{};
    if (n_threads == 0) {
      fail(failures, kArguments, "0 threads");
      return nullptr;
    }
    const Loaded loaded = load(path, error);
    if (loaded.model) return make_context(loaded, n_threads, failures, failures.print);
    fail(failures, error);
    return nullptr;
  });
}

rwkv_context* rwkv_clone_context(rwkv_context* context, uint32_t n_threads) {
  Failures& failures = failures_of(context);
  if (context == nullptr || n_threads == 0) {
    fail(failures, kArguments, "no context to clone, or 0 threads");
    return nullptr;
  }
  return without_exceptions<rwkv_context*>(
      failures, nullptr, [&] { return make_context(context->loaded, n_threads, failures, failures.print); });
}

void rwkv_free(rwkv_context* context) { delete context; }

bool rwkv_eval(rwkv_context* context, uint32_t token, const float* state_in, float* state_out,
               float* logits_out) {
  return eval(context, {&token, 1}, state_in, state_out, logits_out);
}

bool rwkv_eval_sequence(rwkv_context* context, const uint32_t* tokens, size_t n_tokens, const float* state_in,
                        float* state_out, float* logits_out) {
  if (tokens == nullptr && n_tokens > 0) return true;
  return eval(context, {tokens, n_tokens}, state_in, state_out, logits_out);
}

// How the tokens are cut changes nothing here.
bool rwkv_eval_sequence_in_chunks(rwkv_context* context, const uint32_t* tokens, size_t n_tokens,
                                  size_t chunk_size, const float* state_in, float* state_out,
                                  float* logits_out) {
  if (chunk_size == 0) return fail(failures_of(context), kArguments, "chunks of 0 tokens");
  return rwkv_eval_sequence(context, tokens, n_tokens, state_in, state_out, logits_out);
}

void rwkv_init_state(const rwkv_context* context, float* state) {
  for_each_part(*context, [&](const Part& part, const float*, size_t offset) {
    std::fill_n(state + offset, part.n_floats, part.initial);
  });
}

size_t rwkv_get_n_vocab(const rwkv_context* context) { return context->loaded.info.n_vocab; }
size_t rwkv_get_n_embed(const rwkv_context* context) { return context->loaded.info.n_embd; }
size_t rwkv_get_n_layer(const rwkv_context* context) { return context->loaded.info.n_layers; }
size_t rwkv_get_state_len(const rwkv_context* context) { return context->loaded.info.n_state_floats; }
size_t rwkv_get_logits_len(const rwkv_context* context) { return context->loaded.info.n_vocab; }
uint32_t rwkv_get_state_buffer_element_count(const rwkv_context* context) {
  return static_cast<uint32_t>(rwkv_get_state_len(context));
}
uint32_t rwkv_get_logits_buffer_element_count(const rwkv_context* context) {
  return static_cast<uint32_t>(rwkv_get_logits_len(context));
}

void rwkv_set_print_errors(rwkv_context* context, bool print_errors) {
  failures_of(context).print = print_errors;
}

bool rwkv_get_print_errors(const rwkv_context* context) {
  return context == nullptr ? thread_failures.print : context->failures.print;
}

int rwkv_get_last_error(rwkv_context* context) { return std::exchange(failures_of(context).last, 0); }

bool rwkv_quantize_model_file(const char* path_in, const char* path_out, const char* format_name) {
  struct Format {
    std::string_view theirs;
    const char* ours;
  };
  constexpr Format kFormats[] = {
      {"Q8_0", "q8"}, {"Q5_0", "q6"}, {"Q5_1", "q6"}, {"Q4_0", "q4"}, {"Q4_1", "q4"}};
  const std::string_view name = format_name == nullptr ? "" : format_name;
  const auto* format = std::ranges::find(kFormats, name, &Format::theirs);
  if (format == std::end(kFormats)) return fail(thread_failures, kArguments | kDataType, "no such format");
  rwkv_convert_options options = RWKV_CONVERT_OPTIONS_INIT;
  options.dtype = format->ours;
  rwkv_error error{};
  return rwkv_convert(path_in, path_out, &options, &error) == RWKV_OK || fail(thread_failures, error);
}

const char* rwkv_get_system_info_string() {
  struct Name {
    char text[64];
    Name() : text{} { rwkv_target(text, sizeof text); }
  };
  static const Name target;
  return target.text;
}
