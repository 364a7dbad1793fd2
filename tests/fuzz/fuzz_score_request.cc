// Any line: a request to be scored or what is wrong with it; what is wrong is told by an answer that is JSON.
#include <boost/json.hpp>

#include <cstdint>

#include "score/request.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto tokenizer = rwkv::Tokenizer::parse("1 'a' 1\n2 'b' 1\n3 b'\\xff' 1\n");
  const rwkv::ScoreRequestContext context{size % 2 == 0 ? tokenizer.get() : nullptr, 300, size % 4 < 2};
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto request = rwkv::parse_score_request(bytes.substr(0, bytes.find('\n')), 1, context);
  if (request.error.empty()) return 0;
  const std::string answer = rwkv::score_answer(request, context.tokenizer);
  boost::system::error_code error;
  boost::json::parse(answer, error, {}, {.max_depth = 1000});
  if (error || answer.find('\n') != std::string::npos) __builtin_trap();
  return 0;
}
