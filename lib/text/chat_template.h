// Chats as the prompts that RWKV models were trained on.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rwkv {

struct ChatTemplate {
  std::string_view name, summary;
  std::string_view opening;   // what the prompt ends with, where the model goes on
  std::string_view suffix{};  // behind the last message: how long G1 models are to think
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
  std::string role, content;  // role: system, developer (the same), user, assistant or tool
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

// Every message is a chat_turn(). `think` may be null. Error kFormat: an unknown role, no message, or a last
// one that is the assistant's.
ChatPrompt chat_prompt(const ChatTemplate& chat_template, std::span<const ChatMessage> messages,
                       const ThinkForm* think = nullptr);
// The prompt's text for a chat in JSON.
std::string chat_prompt(const ChatTemplate& chat_template, std::string_view json);

// A message as its turn: "User: ...", `suffix`, "\n\n", by the published recipe (RWKV7-G1x-templates.txt of
// RWKV-LM). White space around the content is dropped, as Python's strip() does. Turns are separated by empty
// lines, which therefore may not occur inside those that are not the assistant's: runs of line breaks there
// become one. What a tool returned is a user's "Function output:". Error kFormat for an unknown role.
std::string chat_turn(std::string_view role, std::string_view content, std::string_view suffix = {});

}  // namespace rwkv
