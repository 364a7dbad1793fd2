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

// A vocabulary with its way to cut a text into tokens. Immutable after load, shared freely between threads.
class Tokenizer {
 public:
  // A World vocabulary in any of its forms or a Hugging Face tokenizer.json, judged by content. Error, its
  // message beginning with the path: not readable, neither of the two, broken, or of a kind that is not
  // supported. kInterrupted when stop() says so while a pipe is waited for.
  static std::unique_ptr<const Tokenizer> load(const std::filesystem::path& path,
                                               const StopPredicate& stop = {});
  // The same from a file's content; errors name no path.
  static std::unique_ptr<const Tokenizer> parse(std::string_view file);

  // What encoding remembers between calls, for one thread.
  struct Scratch {
    Scratch() = default;
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    virtual ~Scratch() = default;

    bool refuses_invalid_utf8 = false;  // instead of taking it as U+FFFD; World takes any bytes
    uint64_t offset = 0;                // where the next text begins in its stream, for errors
  };

  Tokenizer(const Tokenizer&) = delete;
  Tokenizer& operator=(const Tokenizer&) = delete;
  virtual ~Tokenizer() = default;

  virtual std::string_view kind() const = 0;  // "World", "byte-level BPE"

  // The ids of a whole text. World takes any bytes; byte-level BPE takes invalid UTF-8 as U+FFFD, one for
  // each maximal part of a character. Error kFormat when the vocabulary lacks a byte that the text has.
  std::vector<TokenId> encode(std::string_view text) const;
  // Appends the ids of the longest beginning of `text` whose ids depend on nothing behind it, or of all of it
  // when no more text follows. Returns how many bytes that are: the caller begins there the next time.
  // `scratch` (made by this tokenizer, not null) makes later calls quicker and changes nothing else.
  virtual size_t encode_some(std::string_view text, bool more_follows, std::vector<TokenId>& ids,
                             Scratch* scratch) const = 0;
  size_t encode_some(std::string_view text, bool more_follows, std::vector<TokenId>& ids) const;
  virtual std::unique_ptr<Scratch> make_scratch() const { return std::make_unique<Scratch>(); }
  // The last place in `text`, before its end, where it can be cut: the ids of the parts are those of the
  // whole, whatever follows. 0 when no such place is known.
  virtual size_t last_cut(std::string_view text) const = 0;

  // The bytes that an id stands for; they may split a character. Empty for an id without a token (0 in World
  // vocabularies) and for padding. Error kFormat for an id from padded_size() on.
  std::string_view bytes_of(TokenId id) const;
  // The bytes of all ids, invalid UTF-8 treated as invalid_output() says. An Error names the position too.
  std::string decode(std::span<const TokenId> ids) const;
  // What decoding does with bytes that are not UTF-8: World keeps them, byte-level BPE puts U+FFFD.
  virtual InvalidUtf8 invalid_output() const = 0;

  // 16 hexadecimal digits: a hash over every id and its bytes. The same vocabulary in another form has the
  // same.
  std::string digest() const;
  size_t vocab_size() const { return tokens_.size(); }  // the highest id + 1
  // Models round their vocabulary up (65530 ids to 65536, 50277 to 50304): ids up to the next multiple of 64
  // are padding, which a model may yet draw.
  size_t padded_size() const { return (vocab_size() + 63) / 64 * 64; }
  // Error kFormat unless a model of `model_vocab_size` ids can have been trained with this vocabulary: no
  // smaller than it, and not so much larger (1024 ids) that another vocabulary must be meant.
  void check_fits(size_t model_vocab_size) const;

 protected:
  explicit Tokenizer(TokenTable tokens) : tokens_(std::move(tokens)) {}
  const TokenTable& tokens() const { return tokens_; }

 private:
  TokenTable tokens_;
};

// Encodes texts that come in parts, in memory for what is not certain yet: a token (World), or back to where
// a piece of text may have begun (byte-level BPE). The ids are those of each whole text at once, whatever the
// parts and the threads. Every Error names the byte offset, counted from begin_stream() on.
class StreamEncoder {
 public:
  // Threads, started when they are needed, share what comes in large parts.
  explicit StreamEncoder(const Tokenizer& tokenizer, size_t n_threads = 1);
  // Invalid UTF-8 is an Error, unless the tokenizer takes any bytes.
  void refuse_invalid_utf8();
  // Another stream begins. Between two texts only.
  void begin_stream() { offset_ = 0; }

  // Appends the ids that are certain by now.
  void add(std::string_view part, std::vector<TokenId>& ids);
  // The text has ended: appends the rest. The next part begins a new text.
  void finish(std::vector<TokenId>& ids);
  // The stream has bytes between its texts.
  void skip(size_t n_bytes) { offset_ += n_bytes; }
  // Whole texts, each followed by `separator`: calls on_text(ids) for one after the other, also for those
  // before an Error. With `chomp`, a final newline of each is left out. Between two texts only.
  void add_texts(std::string_view texts, char separator, bool chomp,
                 const std::function<void(std::span<const TokenId>)>& on_text);

 private:
  struct Share {  // of a thread
    std::string_view text;
    uint64_t offset = 0;  // of `text` in the stream
    std::vector<TokenId> ids;
    std::vector<size_t> ends;  // of texts, in `ids`
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
