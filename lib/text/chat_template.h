// Chats as the prompts that RWKV models were trained on.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rwkv {

struct ChatTemplate {
  std::string_view name, summary;
  std::string_view opening;  // what the prompt ends with, where the model goes on
};

std::span<const ChatTemplate> chat_templates();
// Error kUsage for a name that is not known.
const ChatTemplate& chat_template_from_name(std::string_view name);

// How long the model may think before it answers, where it was trained to: the forms of the G1 models of
// 2026.
struct ThinkForm {
  std::string_view name, summary;
  std::string_view suffix;   // behind the user's last text
  std::string_view opening;  // in place of the template's
};
std::span<const ThinkForm> think_forms();
// Error kUsage for a name that is not known.
const ThinkForm& think_form_from_name(std::string_view name);

struct ChatMessage {
  std::string role, content;  // role: system, developer (the same), user or assistant
};

// A chat in JSON: an array of {"role": .., "content": text}, or an object with such "messages". A content may
// also be an array of {"type": "text", "text": text}, which are joined. Error kFormat: JSON that is broken or
// not so, no message.
std::vector<ChatMessage> parse_chat(std::string_view json);

struct ChatPrompt {
  std::string text;
  std::vector<size_t> turn_ends;  // in bytes of the text, ascending: behind each message
  std::string_view opening;       // the text's end behind "Assistant:"
};

// The turns, "User: ..." and so on, are separated by "\n\n", which therefore may not occur inside a user's or
// the system's: runs of line breaks there become one. White space around a turn is dropped. `think` may be
// null. Error kFormat: an unknown role, no message, or a last one that is the assistant's.
ChatPrompt chat_prompt(const ChatTemplate& chat_template, std::span<const ChatMessage> messages,
                       const ThinkForm* think = nullptr);
// The prompt's text for a chat in JSON.
std::string chat_prompt(const ChatTemplate& chat_template, std::string_view json);

}  // namespace rwkv
