// Text to token ids and back.
#pragma once
#include <cstdint>
#include <exception>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/descriptor.h"
#include "core/thread_pool.h"
#include "core/token.h"
#include "text/token_table.h"
#include "text/utf8_joiner.h"

namespace rwkv {

// A vocabulary, and the method of cutting a text into its tokens. Immutable after load; threads share it.
class Tokenizer {
 public:
  // A World vocabulary in any of its forms, or a Hugging Face tokenizer.json, judged by content. Error, its
  // message beginning with the path: not readable, neither of the two, broken, or of an unsupported kind.
  // kInterrupted when stop() returns true while a pipe keeps the call waiting.
  static std::unique_ptr<const Tokenizer> load(const std::filesystem::path& path,
                                               const StopPredicate& stop = {});
  // The same from a file's content; errors do not name a path.
  static std::unique_ptr<const Tokenizer> parse(std::string_view file);

  // One thread's memory of earlier calls.
  struct Scratch {
    Scratch() = default;
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    virtual ~Scratch() = default;

    bool refuses_invalid_utf8 = false;  // instead of reading it as U+FFFD; World takes any bytes
    uint64_t offset = 0;                // of the next text in its stream, for messages
  };

  Tokenizer(const Tokenizer&) = delete;
  Tokenizer& operator=(const Tokenizer&) = delete;
  virtual ~Tokenizer() = default;

  virtual std::string_view kind() const = 0;  // "World", "byte-level BPE"

  // The ids of a whole text. World takes any bytes; byte-level BPE reads invalid UTF-8 as U+FFFD, one for
  // each maximal part of a character. Error kFormat when the vocabulary has no token for a byte of the text.
  std::vector<TokenId> encode(std::string_view text) const;
  // Appends the ids of the longest beginning of `text` whose ids do not depend on later text; of the whole
  // text when no more follows. Returns the length of that beginning in bytes: the next call starts there.
  // `scratch` (made by this tokenizer, not null) makes later calls faster and changes nothing else.
  virtual size_t encode_some(std::string_view text, bool more_follows, std::vector<TokenId>& ids,
                             Scratch* scratch) const = 0;
  size_t encode_some(std::string_view text, bool more_follows, std::vector<TokenId>& ids) const;
  virtual std::unique_ptr<Scratch> make_scratch() const { return std::make_unique<Scratch>(); }
  // The last place in `text`, before its end, where the text can be cut: the ids of the parts are those of
  // the whole, whatever follows. 0 when no such place is known.
  virtual size_t last_cut(std::string_view text) const = 0;

  // The bytes of an id; they may split a character. Empty for an id without a token (0 in World vocabularies)
  // and for padding. Error kFormat for ids from padded_size() on.
  std::string_view bytes_of(TokenId id) const;
  // The bytes of all ids; invalid UTF-8 as invalid_output() says. An Error also names the position.
  std::string decode(std::span<const TokenId> ids) const;
  // The treatment of invalid UTF-8 in decoding: World keeps it, byte-level BPE writes U+FFFD.
  virtual InvalidUtf8 invalid_output() const = 0;

  // 16 hexadecimal digits: a hash over every id and its bytes, equal for all forms of a
  // vocabulary.
  std::string digest() const;
  size_t vocab_size() const { return tokens_.size(); }  // the highest id + 1
  // Models round their vocabulary up (65530 ids to 65536, 50277 to 50304): ids up to the next multiple of 64
  // are padding, which a model may still draw.
  size_t padded_size() const { return (vocab_size() + 63) / 64 * 64; }
  // Error kFormat unless a model of `model_vocab_size` ids may have been trained with this vocabulary: it has
  // at least as many ids, and at most 1024 more (else another vocabulary must be meant).
  void check_fits(size_t model_vocab_size) const;

 protected:
  explicit Tokenizer(TokenTable tokens) : tokens_(std::move(tokens)) {}
  const TokenTable& tokens() const { return tokens_; }

 private:
  TokenTable tokens_;
};

// Encodes texts that arrive in parts; memory holds only the bytes that are not certain yet: a token (World),
// or the bytes since a piece may have begun (byte-level BPE). The ids are those of each whole text, for any
// parts and threads. Every Error names the byte offset from begin_stream() on.
class StreamEncoder {
 public:
  // Threads are started when needed; they share large parts.
  explicit StreamEncoder(const Tokenizer& tokenizer, size_t n_threads = 1);
  // From now on invalid UTF-8 is an Error, unless the tokenizer takes any bytes.
  void refuse_invalid_utf8();
  // Begins another stream. Only between two texts.
  void begin_stream() { offset_ = 0; }

  // Appends the ids that are certain by now.
  void add(std::string_view part, std::vector<TokenId>& ids);
  // Call at the end of a text: appends the remaining ids. The next part begins a new text.
  void finish(std::vector<TokenId>& ids);
  // Counts bytes of the stream that are in no text.
  void skip(size_t n_bytes) { offset_ += n_bytes; }
  // Encodes whole texts, each followed by `separator`: calls on_text(ids) for each in order, also for those
  // before an Error. `chomp` removes a final newline of each. Only between two texts.
  void add_texts(std::string_view texts, char separator, bool chomp,
                 const std::function<void(std::span<const TokenId>)>& on_text);

 private:
  struct Share {  // of one thread
    std::string_view text;
    uint64_t offset = 0;  // of `text` in the stream
    std::vector<TokenId> ids;
    std::vector<size_t> ends;  // of the texts, in `ids`
    std::unique_ptr<Tokenizer::Scratch> scratch;
    std::exception_ptr error;
  };
  template <class LastCut>
  std::string_view cut_shares(std::string_view text, LastCut&& last_cut);
  template <class Encode>
  void encode_shares(Encode&& encode);
  size_t encode_pending(std::vector<TokenId>& ids);

  const Tokenizer& tokenizer_;
  std::optional<ThreadPool> threads_;
  std::vector<Share> shares_;
  size_t n_shares_ = 0;  // in use
  std::string pending_;
  uint64_t offset_ = 0;  // of pending_
  size_t next_try_bytes_ = 0;
};

}  // namespace rwkv
