#include "text/chat_template.h"

#include <algorithm>
#include <boost/json.hpp>

#include "core/byte_order_mark.h"
#include "core/error.h"
#include "core/printable.h"
#include "text/utf8.h"

namespace rwkv {
namespace {

namespace json = boost::json;

constexpr ChatTemplate kTemplates[] = {
    {"world", "World models", "Assistant:"},
    {"g1", "G1 models, which may think or not", "Assistant:"},
    {"g1-think", "G1 models, made to think", "Assistant: <think"},
    {"g1-think-short", "G1 models, made to think a bit", "Assistant: <think", " (think a bit)"},
    {"g1-think-long", "G1 models, made to think a lot", "Assistant: <think", " (think a lot)"},
    {"g1-no-think", "G1 models, kept from thinking by an empty thought", "Assistant: <think>\n</think"},
};

constexpr std::string_view kModelsLabel = "Assistant:";

constexpr ThinkForm kThinkForms[] = {
    {"no", "an empty thought", "", "Assistant: <think></think"},
    {"short", "a bit", " (think a bit)", "Assistant: <think"},
    {"normal", "as long as it wants", " (think)", "Assistant: <think"},
    {"long", "a lot", " (think a lot)", "Assistant: <think"},
};

// The beginning of a turn of each role. A tool's result is a turn of the user.
struct Role {
  std::string_view name, label;
  bool is_model = false;
};
constexpr Role kRoles[] = {{"system", "System: "},
                           {"developer", "System: "},
                           {"user", "User: "},
                           {"assistant", "Assistant: ", true},
                           {"tool", "User: Function output:\n"}};

[[noreturn]] void fail(const std::string& message) { throw Error(ErrorKind::kFormat, message); }

// What Python's str.strip() takes away, as the published recipe does.
bool is_blank(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x3000;
}

std::string_view trimmed(std::string_view text) {
  size_t begin = text.size(), end = 0;
  for (size_t at = 0; at < text.size();) {
    const Utf8Step step = utf8_step(text.substr(at));
    if (step.kind != Utf8Step::kCharacter || !is_blank(step.code)) {
      begin = std::min(begin, at);
      end = at + step.bytes;
    }
    at += step.bytes;
  }
  return begin < end ? text.substr(begin, end - begin) : std::string_view();
}

// Line breaks become LF, and runs of them one.
std::string with_single_breaks(std::string_view text) {
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r' && text.substr(i + 1, 1) == "\n") continue;
    if (text[i] != '\n' || !result.ends_with('\n')) result += text[i];
  }
  return result;
}

const json::value& member(const json::object& object, const char* key) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr) fail(std::string("\"") + key + "\": want a string");
  return *value;
}

std::string text_of(const char* key, const json::value& value) {
  if (!value.is_string()) fail(std::string("\"") + key + "\": want a string");
  return {value.get_string().begin(), value.get_string().end()};
}

// Parts that are no text, such as images, are refused: the model would not see them.
std::string content_of(const json::value& value) {
  if (!value.is_array()) return text_of("content", value);
  std::string text;
  for (const json::value& part : value.get_array()) {
    const json::object* object = part.if_object();
    if (object == nullptr || text_of("type", member(*object, "type")) != "text")
      fail("\"content\": want parts of type text only");
    text += text_of("text", member(*object, "text"));
  }
  return text;
}

const Role& role_from_name(std::string_view name) {
  std::string known;
  for (const Role& role : kRoles) {
    if (role.name == name) return role;
    known += (known.empty() ? "" : ", ") + std::string(role.name);
  }
  fail("role '" + printable(name) + "': want one of " + known);
}

std::string turn_of(const Role& role, std::string_view content, std::string_view suffix) {
  const auto text = trimmed(content);
  return std::string(role.label) + (role.is_model ? std::string(text) : with_single_breaks(text)) +
         std::string(suffix) + "\n\n";
}

const json::array& messages_of(const json::value& root) {
  const json::value* messages = &root;
  if (const auto* object = root.if_object()) messages = object->if_contains("messages");
  if (messages == nullptr || !messages->is_array()) fail("want an array of messages");
  if (messages->get_array().empty()) fail("no message");
  return messages->get_array();
}

}  // namespace

std::span<const ChatTemplate> chat_templates() { return kTemplates; }

const ChatTemplate& chat_template_from_name(std::string_view name) {
  for (const ChatTemplate& known : kTemplates) {
    if (known.name == name) return known;
  }
  throw Error(ErrorKind::kUsage, "template '" + printable(name) + "': not known, --template list names them");
}

std::string chat_turn(std::string_view role, std::string_view content, std::string_view suffix) {
  return turn_of(role_from_name(role), content, suffix);
}

std::span<const ThinkForm> think_forms() { return kThinkForms; }

const ThinkForm& think_form_from_name(std::string_view name) {
  for (const ThinkForm& known : kThinkForms) {
    if (known.name == name) return known;
  }
  throw Error(ErrorKind::kUsage, "think '" + printable(name) + "', want no, short, normal or long");
}

std::vector<ChatMessage> parse_chat(std::string_view text) {
  json::error_code error;
  const json::value root = json::parse(without_byte_order_mark(text), error);
  if (error) fail("broken JSON: " + error.message());
  std::vector<ChatMessage> messages;
  for (const json::value& value : messages_of(root)) {
    with_context("message " + std::to_string(messages.size() + 1), [&] {
      const json::object* object = value.if_object();
      if (object == nullptr) fail("want an object");
      messages.push_back({text_of("role", member(*object, "role")), content_of(member(*object, "content"))});
      role_from_name(messages.back().role);
    });
  }
  return messages;
}

ChatPrompt chat_prompt(const ChatTemplate& chat_template, std::span<const ChatMessage> messages,
                       const ThinkForm* think) {
  if (messages.empty()) fail("no message");
  if (role_from_name(messages.back().role).is_model)
    fail("the last message is the assistant's: want the user's");
  ChatPrompt prompt;
  for (const ChatMessage& message : messages) {
    const bool is_last = &message == &messages.back();
    const std::string_view suffix = think != nullptr ? think->suffix : chat_template.suffix;
    prompt.text += chat_turn(message.role, message.content, is_last ? suffix : "");
    prompt.turn_ends.push_back(prompt.text.size());
  }
  const std::string_view opening = think != nullptr ? think->opening : chat_template.opening;
  prompt.text += opening;
  prompt.opening = opening.substr(kModelsLabel.size());
  return prompt;
}

std::string chat_prompt(const ChatTemplate& chat_template, std::string_view json) {
  return chat_prompt(chat_template, parse_chat(json)).text;
}

}  // namespace rwkv
