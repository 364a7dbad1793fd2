// rwkv.hpp: rwkv.h for C++20: owners that free their objects, and exceptions instead of codes; header only.
// rwkv.h documents the functions and the threads that may call them.
#ifndef RWKV_RWKV_HPP
#define RWKV_RWKV_HPP

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rwkv.h"

namespace rwkv::api {

class Failure : public std::runtime_error {
 public:
  explicit Failure(const rwkv_error& error) : std::runtime_error(error.message), code_(error.code) {}
  int code() const noexcept { return code_; }  // an rwkv_code

 private:
  int code_;
};

namespace detail {

// Calls function(arguments..., &error); throws Failure if the call fails.
template <class Function, class... Arguments>
auto call(Function function, Arguments... arguments) {
  rwkv_error error{};
  auto result = function(arguments..., &error);
  if (error.code != RWKV_OK) throw Failure(error);
  return result;
}

// Calls fill(buffer, capacity, &size, &error) with room for `guess`, and again if that was too small.
template <class Buffer, class Fill>
Buffer fill(size_t guess, Fill&& fill) {
  Buffer buffer;
  rwkv_error error{};
  for (size_t size = guess;;) {
    buffer.resize(size);
    const int code = fill(buffer.data(), buffer.size(), &size, &error);
    if (code != RWKV_OK && code != RWKV_TOO_SMALL) throw Failure(error);
    if (code == RWKV_TOO_SMALL) continue;
    buffer.resize(size);
    return buffer;
  }
}

template <class Handle, void (*end)(Handle*)>
struct End {
  void operator()(Handle* handle) const noexcept { end(handle); }
};
template <class Handle, void (*end)(Handle*)>
using Owner = std::unique_ptr<Handle, End<Handle, end>>;

}  // namespace detail

using Sampling = rwkv_sampling;
inline Sampling default_sampling() { return RWKV_SAMPLING_INIT; }

class Model {
 public:
  explicit Model(const std::string& path, const rwkv_load_options& options = RWKV_LOAD_OPTIONS_INIT)
      : handle_(detail::call(rwkv_model_load, path.c_str(), &options)) {}

  rwkv_info info() const {
    rwkv_info info{};
    info.size = sizeof info;
    detail::call(rwkv_model_info, get(), &info);
    return info;
  }
  // Empty when nothing is unusual.
  std::string warning() const {
    const char* warning = rwkv_model_warning(get());
    return warning == nullptr ? "" : warning;
  }
  const rwkv_model* get() const noexcept { return handle_.get(); }

 private:
  detail::Owner<rwkv_model, rwkv_model_free> handle_;
};

class Vocab {
 public:
  explicit Vocab(const std::string& path) : Vocab(path, nullptr) {}
  Vocab(const std::string& path, const Model& model) : Vocab(path, model.get()) {}

  size_t size() const noexcept { return rwkv_vocab_size(get()); }
  std::vector<uint32_t> encode(std::string_view text) const {
    return detail::fill<std::vector<uint32_t>>(text.size() / 2 + 1, [&](auto... out) {
      return rwkv_vocab_encode(get(), text.data(), text.size(), out...);
    });
  }
  std::string decode(std::span<const uint32_t> ids) const {
    return detail::fill<std::string>(8 * ids.size(), [&](auto... out) {
      return rwkv_vocab_decode(get(), ids.data(), ids.size(), out...);
    });
  }
  // Valid as long as the vocabulary.
  std::string_view bytes_of(uint32_t id) const {
    const char* bytes = nullptr;
    size_t n_bytes = 0;
    detail::call(rwkv_vocab_bytes, get(), id, &bytes, &n_bytes);
    return {bytes, n_bytes};
  }
  const rwkv_vocab* get() const noexcept { return handle_.get(); }

 private:
  Vocab(const std::string& path, const rwkv_model* model)
      : handle_(detail::call(rwkv_vocab_load, path.c_str(), model)) {}
  detail::Owner<rwkv_vocab, rwkv_vocab_free> handle_;
};

inline std::string chat_prompt(const std::string& template_name, std::string_view json) {
  return detail::fill<std::string>(json.size() + 64, [&](auto... out) {
    return rwkv_chat_prompt(template_name.c_str(), json.data(), json.size(), out...);
  });
}

// A copy is a fork.
class Sequence {
 public:
  explicit Sequence(const Model& model) : handle_(detail::call(rwkv_sequence_new, model.get())) {}
  static Sequence load(const Model& model, const std::string& path) {
    return Sequence(detail::call(rwkv_sequence_load, model.get(), path.c_str()));
  }
  Sequence(const Sequence& other) : handle_(detail::call(rwkv_sequence_clone, other.get())) {}
  Sequence& operator=(const Sequence& other) { return *this = Sequence(other); }
  Sequence(Sequence&&) noexcept = default;
  Sequence& operator=(Sequence&&) noexcept = default;
  ~Sequence() = default;

  void save(const std::string& path) const { detail::call(rwkv_sequence_save, get(), path.c_str()); }
  uint64_t length() const noexcept { return rwkv_sequence_length(get()); }
  // Empty when they are not known.
  std::span<float> logits(const Model& model) {
    float* logits = rwkv_sequence_logits(get());
    return {logits, logits == nullptr ? 0 : model.info().n_vocab};
  }
  std::span<float> floats(size_t layer, const std::string& part) {
    size_t n = 0;
    float* floats = detail::call(rwkv_sequence_floats, get(), layer, part.c_str(), &n);
    return {floats, n};
  }
  uint32_t sample(const Sampling& sampling = default_sampling()) {
    uint32_t id = 0;
    detail::call(rwkv_sequence_sample, get(), &sampling, &id);
    return id;
  }
  rwkv_sequence* get() const noexcept { return handle_.get(); }

 private:
  explicit Sequence(rwkv_sequence* handle) : handle_(handle) {}
  detail::Owner<rwkv_sequence, rwkv_sequence_free> handle_;
};

// One for each thread that evaluates.
class Runner {
 public:
  explicit Runner(const Model& model, size_t n_threads = 0)
      : handle_(detail::call(rwkv_runner_new, model.get(), n_threads)) {}

  void eval(std::span<rwkv_item> items) { detail::call(rwkv_runner_eval, get(), items.data(), items.size()); }
  // The sequence reads ids; the last of them stays pending.
  void read(Sequence& sequence, std::span<const uint32_t> ids) { eval_one(sequence, ids, RWKV_WANT_NOTHING); }
  // Reads ids; afterwards the logits after the sequence are known.
  void eval(Sequence& sequence, std::span<const uint32_t> ids = {}) {
    eval_one(sequence, ids, RWKV_WANT_LAST);
  }
  // The same for several sequences at once, without ids.
  template <class Sequences>
  void step(Sequences& sequences) {
    std::vector<rwkv_item> items;
    for (Sequence& sequence : sequences)
      items.push_back({sequence.get(), nullptr, 0, RWKV_WANT_LAST, nullptr, 0, 0});
    eval(items);
  }
  std::vector<rwkv_token_score> score(Sequence& sequence, std::span<const uint32_t> ids) {
    std::vector<rwkv_token_score> scores(ids.size());
    const rwkv_score_item item{sequence.get(), ids.data(), ids.size(), scores.data()};
    detail::call(rwkv_runner_score, get(), &item, size_t{1});
    return scores;
  }
  void cancel() noexcept { rwkv_runner_cancel(get()); }
  rwkv_runner* get() const noexcept { return handle_.get(); }

 private:
  void eval_one(Sequence& sequence, std::span<const uint32_t> ids, rwkv_want want) {
    rwkv_item item{sequence.get(), ids.data(), ids.size(), want, nullptr, 0, 0};
    eval({&item, 1});
  }
  detail::Owner<rwkv_runner, rwkv_runner_free> handle_;
};

// Turns drawn ids into text of whole characters, which ends in front of a stop text.
class Stream {
 public:
  explicit Stream(const Vocab& vocab, std::initializer_list<const char*> stops = {})
      : handle_(detail::call(rwkv_stream_new, vocab.get(), stops.begin(), stops.size())) {}

  // Valid until the next call.
  std::string_view add(uint32_t id) {
    const char* text = nullptr;
    size_t n_bytes = 0;
    int stopped = 0;
    detail::call(rwkv_stream_add, handle_.get(), id, &text, &n_bytes, &stopped);
    stopped_ = stopped != 0;
    return {text, n_bytes};
  }
  std::string_view finish() {
    const char* text = nullptr;
    size_t n_bytes = 0;
    detail::call(rwkv_stream_finish, handle_.get(), &text, &n_bytes);
    return {text, n_bytes};
  }
  bool stopped() const noexcept { return stopped_; }

 private:
  detail::Owner<rwkv_stream, rwkv_stream_free> handle_;
  bool stopped_ = false;
};

inline void convert(const std::string& in, const std::string& out,
                    const rwkv_convert_options& options = RWKV_CONVERT_OPTIONS_INIT) {
  detail::call(rwkv_convert, in.c_str(), out.c_str(), &options);
}

}  // namespace rwkv::api

#endif
