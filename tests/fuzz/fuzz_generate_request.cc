// Any line: a request or what is wrong with it, and always an answer that is JSON.
#include <boost/json.hpp>

#include <cstdint>

#include "generate/jsonl_request.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto tokenizer = rwkv::Tokenizer::parse("1 'a' 1\n2 'b' 1\n3 b'\\xff' 1\n");
  const rwkv::RequestDefaults defaults{{}, "", size % 2 == 0 ? tokenizer.get() : nullptr, 300};
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto request = rwkv::parse_request(bytes.substr(0, bytes.find('\n')), 1, defaults);
  for (const rwkv::TokenId id : request.prompt) {
    if (request.error.empty() && id >= defaults.n_vocab) __builtin_trap();
  }
  rwkv::BatchJob job;
  job.error = request.error;
  const std::string answer = rwkv::answer_line(request, job, defaults.tokenizer);
  boost::system::error_code error;
  boost::json::parse(answer, error, {}, {.max_depth = 1000});
  if (error || answer.find('\n') != std::string::npos) __builtin_trap();
  return 0;
}
