// Chats as the prompts that RWKV models were trained on.
#pragma once
#include <span>
#include <string>
#include <string_view>

namespace rwkv {

struct ChatTemplate {
  std::string_view name, summary;
  std::string_view opening;  // what the prompt ends with, where the model goes on
};

std::span<const ChatTemplate> chat_templates();
// Error kUsage for a name that is not known.
const ChatTemplate& chat_template_from_name(std::string_view name);

// The prompt for a chat in JSON: an array of {"role": "system" | "user" | "assistant", "content": text}, or
// an object with such "messages". The turns, "User: ..." and so on, are separated by "\n\n", which therefore
// may not occur inside a user's or the system's: runs of line breaks there become one. White space around a
// turn is dropped. Error kFormat: JSON that is broken or not so, no message, or a last one that is the
// assistant's.
std::string chat_prompt(const ChatTemplate& chat_template, std::string_view json);

}  // namespace rwkv
