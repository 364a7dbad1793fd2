// Turns chats into the prompts that RWKV models were trained on.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rwkv {

struct ChatTemplate {
  std::string_view name, summary;
  std::string_view opening;   // the end of the prompt, where the model continues
  std::string_view suffix{};  // after the last message: says how long G1 models think
};

std::span<const ChatTemplate> chat_templates();
// Error kUsage for an unknown name.
const ChatTemplate& chat_template_from_name(std::string_view name);

// How long a model thinks before it answers, if it was trained to think: the forms of the G1 models of
// 2026.
struct ThinkForm {
  std::string_view name, summary;
  std::string_view suffix;   // after the user's last text
  std::string_view opening;  // replaces the template's
};
std::span<const ThinkForm> think_forms();
// Error kUsage for an unknown name.
const ThinkForm& think_form_from_name(std::string_view name);

// What follows an answer when the model goes on for the user: where it is to be stopped.
inline constexpr std::string_view kNextTurn = "\n\nUser:";

struct ChatMessage {
  std::string role, content;  // role: system, developer (the same), user, assistant or tool
};

// A chat in JSON: an array of {"role": .., "content": text}, or an object with such "messages". A content may
// also be an array of {"type": "text", "text": text}; the texts are joined. Error kFormat: broken JSON,
// another form, no message.
std::vector<ChatMessage> parse_chat(std::string_view json);

struct ChatPrompt {
  std::string text;
  std::vector<size_t> turn_ends;  // offsets in the text, ascending: the end of each message
  std::string_view opening;       // the end of the text, after "Assistant:"
};

// Each message becomes a chat_turn(). `think` may be null. Error kFormat: an unknown role, no message, or a
// last message that is the assistant's.
ChatPrompt chat_prompt(const ChatTemplate& chat_template, std::span<const ChatMessage> messages,
                       const ThinkForm* think = nullptr);
// The prompt for a chat in JSON.
std::string chat_prompt(const ChatTemplate& chat_template, std::string_view json);

// A message as its turn: "User: ...", `suffix`, "\n\n", as RWKV-LM's RWKV7-G1x-templates.txt has it. White
// space around the content is removed, as by Python's strip(). An empty line ends a turn, so in messages
// other than the assistant's runs of line breaks become one. A tool's result is a user's "Function output:".
// Error kFormat for an unknown role.
std::string chat_turn(std::string_view role, std::string_view content, std::string_view suffix = {});

}  // namespace rwkv
