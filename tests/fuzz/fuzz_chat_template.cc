// The first byte chooses a template, the rest is a chat: a prompt that ends as the template says, or an
// Error.
#include <cstdint>
#include <string>

#include "core/error.h"
#include "text/chat_template.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const auto templates = rwkv::chat_templates();
  const rwkv::ChatTemplate& chosen = templates[data[0] % templates.size()];
  try {
    const auto prompt = rwkv::chat_prompt(chosen, {reinterpret_cast<const char*>(data + 1), size - 1});
    if (!prompt.ends_with(chosen.opening)) __builtin_trap();
  } catch (const rwkv::Error&) {
  }
  return 0;
}
