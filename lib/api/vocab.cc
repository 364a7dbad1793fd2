// The C interface: vocabularies, streams of text, chats.
#include "api/boundary.h"
#include "api/handles.h"
#include "checkpoint/vocabulary.h"
#include "text/chat_template.h"

namespace {

using namespace rwkv;

std::string_view text_of(const char* text, size_t n_bytes) {
  return n_bytes == 0 ? std::string_view() : std::string_view(&given(text, "text"), n_bytes);
}

// Hands out `bytes` bytes more of what is pending, in whole characters.
void show(rwkv_stream& stream, size_t n_bytes, const char** text, size_t* n_shown) {
  stream.shown = stream.joiner.add(std::string_view(stream.pending).substr(0, n_bytes));
  stream.pending.erase(0, n_bytes);
  if (text != nullptr) *text = stream.shown.data();
  if (n_shown != nullptr) *n_shown = stream.shown.size();
}

}  // namespace

rwkv_vocab* rwkv_vocab_load(const char* path, const rwkv_model* model, rwkv_error* error) {
  return guarded_pointer(error, [&] {
    std::shared_ptr<const Tokenizer> tokenizer = load_vocabulary(&given(path, "path"));
    if (model != nullptr) {
      with_context(path, [&] { tokenizer->check_fits(model->model->info().n_vocab); });
    }
    return new rwkv_vocab{std::move(tokenizer)};
  });
}

void rwkv_vocab_free(rwkv_vocab* vocab) { delete vocab; }

size_t rwkv_vocab_size(const rwkv_vocab* vocab) {
  return vocab == nullptr ? 0 : vocab->tokenizer->vocab_size();
}

int rwkv_vocab_encode(const rwkv_vocab* vocab, const char* text, size_t n_bytes, uint32_t* ids,
                      size_t capacity, size_t* n_ids, rwkv_error* error) {
  return guarded(error, [&] {
    return write_buffer(given(vocab, "vocab").tokenizer->encode(text_of(text, n_bytes)), ids, capacity, n_ids,
                        error);
  });
}

int rwkv_vocab_decode(const rwkv_vocab* vocab, const uint32_t* ids, size_t n_ids, char* text, size_t capacity,
                      size_t* n_bytes, rwkv_error* error) {
  return guarded(error, [&] {
    if (n_ids > 0) given(ids, "ids");
    return write_buffer(given(vocab, "vocab").tokenizer->decode({ids, n_ids}), text, capacity, n_bytes,
                        error);
  });
}

int rwkv_vocab_bytes(const rwkv_vocab* vocab, uint32_t id, const char** bytes, size_t* n_bytes,
                     rwkv_error* error) {
  return guarded(error, [&] {
    const std::string_view found = given(vocab, "vocab").tokenizer->bytes_of(id);
    given(bytes, "bytes") = found.data();
    given(n_bytes, "n_bytes") = found.size();
    return RWKV_OK;
  });
}

int rwkv_chat_prompt(const char* template_name, const char* json, size_t n_json_bytes, char* text,
                     size_t capacity, size_t* n_bytes, rwkv_error* error) {
  return guarded(error, [&] {
    const ChatTemplate& chat = chat_template_from_name(&given(template_name, "template_name"));
    return write_buffer(chat_prompt(chat, text_of(json, n_json_bytes)), text, capacity, n_bytes, error);
  });
}

rwkv_stream* rwkv_stream_new(const rwkv_vocab* vocab, const char* const* stops, size_t n_stops,
                             rwkv_error* error) {
  return guarded_pointer(error, [&] {
    std::vector<std::string> texts;
    for (size_t i = 0; i < n_stops; ++i)
      texts.emplace_back(&given((&given(stops, "stops"))[i], "a stop text"));
    return new rwkv_stream{given(vocab, "vocab").tokenizer, StopText(std::move(texts)),
                           Utf8Joiner(InvalidUtf8::kReplace)};
  });
}

void rwkv_stream_free(rwkv_stream* stream) { delete stream; }

int rwkv_stream_add(rwkv_stream* stream, uint32_t id, const char** text, size_t* n_bytes, int* stopped,
                    rwkv_error* error) {
  return guarded(error, [&] {
    rwkv_stream& s = given(stream, "stream");
    if (s.stopped) refuse("the stream has ended at a stop text");
    const std::string_view bytes = s.tokenizer->bytes_of(id);
    const uint64_t n_given_out = s.stop_text.size() - s.pending.size();
    s.pending += bytes;
    s.stopped = s.stop_text.add(bytes);
    show(s, s.stop_text.safe() - n_given_out, text, n_bytes);
    if (s.stopped) s.pending.clear();
    if (stopped != nullptr) *stopped = s.stopped ? 1 : 0;
    return RWKV_OK;
  });
}

int rwkv_stream_finish(rwkv_stream* stream, const char** text, size_t* n_bytes, rwkv_error* error) {
  return guarded(error, [&] {
    rwkv_stream& s = given(stream, "stream");
    show(s, s.pending.size(), text, n_bytes);
    s.shown += s.joiner.finish();
    if (text != nullptr) *text = s.shown.data();
    if (n_bytes != nullptr) *n_bytes = s.shown.size();
    s.stopped = true;
    return RWKV_OK;
  });
}
