// Any bytes as a text for a small vocabulary of each kind: World gives them back, byte-level BPE without a
// normalizer gives back what is UTF-8, and parts of the text have its ids.
#include <cstdint>

#include "check_parts.h"
#include "text/byte_alphabet.h"
#include "text/utf8.h"

namespace {

// Every byte as b'\xHH' (ids 1 to 256), and some longer tokens.
std::string world_vocabulary() {
  constexpr char kHex[] = "0123456789abcdef";
  std::string file;
  for (unsigned byte = 0; byte < 256; ++byte) {
    file += std::to_string(byte + 1) + " b'\\x" + kHex[byte >> 4] + kHex[byte & 15] + "' 1\n";
  }
  return file +
         "257 'ab' 2\n258 'abcde' 5\n259 ' the' 4\n260 '\\n\\n' 2\n261 '\\xe9' 2\n262 b'\\xff\\xff\\x00' 3\n";
}

std::string bpe_vocabulary() {
  std::string vocab;
  const rwkv::ByteAlphabet alphabet;
  for (unsigned byte = 0; byte < 256; ++byte) {
    const std::string c = alphabet.character_of(static_cast<unsigned char>(byte));
    vocab += (c == "\"" || c == "\\" ? "\"\\" : "\"") + c + "\":" + std::to_string(byte) + ",";
  }
  return R"({"pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false},"decoder":{"type":"ByteLevel"},"model":{)"
         R"("type":"BPE","merges":["a b","ab c","Ġ ab","Ġ Ġ","Ã ©"],"vocab":{)" +
         vocab +
         R"("ab":256,"abc":257,"Ġab":258,"ĠĠ":259,"Ã©":260}},"added_tokens":[{"id":261,"content":"<|e|>",)"
         R"("normalized":false},{"id":262,"content":"   ","normalized":true}]})";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto world = rwkv::Tokenizer::parse(world_vocabulary());
  static const auto bpe = rwkv::Tokenizer::parse(bpe_vocabulary());
  const std::string_view text(reinterpret_cast<const char*>(data), std::min<size_t>(size, 4096));
  rwkv::check_parts(*world, text);
  rwkv::check_parts(*bpe, text);
  if (world->decode(world->encode(text)) != text) __builtin_trap();
  if (bpe->decode(bpe->encode(text)) != rwkv::replace_invalid_utf8(text)) __builtin_trap();
  return 0;
}
