#include "checkpoint/gguf_metadata.h"

#include <algorithm>
#include <array>
#include <vector>

#include "core/error.h"
#include "model/weights.h"
#include "text/python_literal.h"

namespace rwkv {
namespace {

constexpr const char* kNameKey = "general.name";
constexpr uint32_t kContextLength = 1 << 20;  // none is built in; what llama.cpp's converter writes
constexpr uint32_t kQuantizationVersion = 2;  // of ggml's blocks
constexpr std::string_view kEndOfTurn = "\n\n";
// Types of tokens.
constexpr int32_t kNormal = 1, kControl = 3, kUnused = 5;

// general.file_type.
struct FileType {
  std::string_view type;
  uint32_t number;
};
constexpr auto kFileTypes = std::to_array<FileType>({{"F32", 0}, {"F16", 1}, {"Q8_0", 7}, {"BF16", 32}});

// Keys of ranks, behind the architecture.
struct RankKey {
  std::string_view version, rank, key;
};
constexpr auto kRankKeys = std::to_array<RankKey>({
    {"6", "mix", ".time_mix_extra_dim"},
    {"6", "decay", ".time_decay_extra_dim"},
    {"7", "decay", ".attention.decay_lora_rank"},
    {"7", "rate", ".attention.iclr_lora_rank"},
    {"7", "value", ".attention.value_residual_mix_lora_rank"},
    {"7", "gate", ".attention.gate_lora_rank"},
});

// Turns as lib/text/chat_template.cc writes them; the comment is what llama.cpp knows the form by when it
// does not run the template.
constexpr std::string_view kChatTemplate =
    "{#- rwkv-world -#}"
    "{%- for message in messages -%}"
    "{%- if message['role'] == 'system' -%}{{ 'System: ' + message['content'] | trim + '\\n\\n' }}"
    "{%- elif message['role'] == 'user' -%}{{ 'User: ' + message['content'] | trim + '\\n\\n' }}"
    "{%- elif message['role'] == 'assistant' -%}"
    "{{ 'Assistant: ' + (message['content'].split('</think>') | last) | trim + '\\n\\n' }}"
    "{%- endif -%}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{ 'Assistant:' }}"
    "{%- if enable_thinking is defined -%}"
    "{%- if enable_thinking -%}{{ ' <think>' }}{%- else -%}{{ ' <think>\\n</think>' }}{%- endif -%}"
    "{%- endif -%}"
    "{%- endif -%}";

uint32_t u32(size_t number) { return static_cast<uint32_t>(number); }

void add_shape(GgufMetadata& metadata, const std::string& architecture, const ModelInfo& info) {
  metadata.add(architecture + ".context_length", kContextLength);
  metadata.add(architecture + ".embedding_length", u32(info.n_embd));
  metadata.add(architecture + ".block_count", u32(info.n_layers));
  metadata.add(architecture + ".attention.layer_norm_epsilon", kLayerNormEps);
  // Divided by 2 after so many layers, to stay in the range of f16: never.
  if (info.version == "6") metadata.add(architecture + ".rescale_every_n_layers", 0U);
  metadata.add(architecture + ".wkv.head_size", u32(info.head_size));
  for (const RankKey& row : kRankKeys) {
    if (row.version == info.version)
      metadata.add(architecture + std::string(row.key), u32(info.rank(row.rank)));
  }
  metadata.add(architecture + ".feed_forward_length", u32(info.n_ffn));
  metadata.add(architecture + ".attention.head_count", 0U);
}

void add_tokens(GgufMetadata& metadata, const Tokenizer& vocabulary, size_t n_vocab) {
  std::vector<std::string> tokens;
  std::vector<int32_t> types;
  for (size_t id = 0; id < n_vocab; ++id) {
    const auto bytes = id < vocabulary.vocab_size() ? vocabulary.bytes_of(static_cast<TokenId>(id)) : "";
    const bool is_end = bytes.empty() && id == 0;
    tokens.push_back(!bytes.empty() ? to_bytes_inside(bytes)
                     : is_end       ? "<s>"
                                    : "[PAD" + std::to_string(id) + "]");
    types.push_back(!bytes.empty() ? kNormal : is_end ? kControl : kUnused);
  }
  metadata.add("tokenizer.ggml.tokens", tokens);
  metadata.add("tokenizer.ggml.token_type", types);
}

void add_vocabulary(GgufMetadata& metadata, const Tokenizer& vocabulary, const ModelInfo& info) {
  if (vocabulary.kind() != "World") {
    throw Error(ErrorKind::kUnsupported,
                "a vocabulary of the kind " + std::string(vocabulary.kind()) + " for GGUF: want World");
  }
  vocabulary.check_fits(info.n_vocab);
  metadata.add("tokenizer.ggml.model", "rwkv");
  add_tokens(metadata, vocabulary, info.n_vocab);
  metadata.add("tokenizer.chat_template", kChatTemplate);
  metadata.add("tokenizer.ggml.bos_token_id", 0U);
  metadata.add("tokenizer.ggml.eos_token_id", 0U);
  for (TokenId id = 0; id < vocabulary.vocab_size(); ++id) {
    if (vocabulary.bytes_of(id) == kEndOfTurn) metadata.add("tokenizer.ggml.eot_token_id", id);
  }
}

// What a GGUF file has by itself, or safetensors only.
bool is_left_out(std::string_view key, std::string_view architecture) {
  constexpr auto kOthers = std::to_array<std::string_view>({"general.", "tokenizer.", "split.", "rwkv.cpp."});
  return key == "format" || key.starts_with(std::string(architecture) + ".") ||
         std::ranges::any_of(kOthers, [&](std::string_view prefix) { return key.starts_with(prefix); });
}

}  // namespace

GgufMetadata gguf_metadata(std::string_view architecture, const ModelInfo& info, const GgmlType& type,
                           const Tokenizer* vocabulary, const std::map<std::string, std::string>& own) {
  GgufMetadata metadata;
  const std::string prefix(architecture);
  const auto name = own.find(kNameKey);
  metadata.add("general.architecture", architecture);
  metadata.add("general.type", "model");
  metadata.add(kNameKey, name != own.end() ? name->second : "RWKV-" + info.version);
  add_shape(metadata, prefix, info);
  metadata.add("general.file_type", std::ranges::find(kFileTypes, type.name, &FileType::type)->number);
  metadata.add("general.quantization_version", kQuantizationVersion);
  if (vocabulary != nullptr) {
    add_vocabulary(metadata, *vocabulary, info);
  } else {
    metadata.add("tokenizer.ggml.model", "none");
    metadata.add(prefix + ".vocab_size", u32(info.n_vocab));
  }
  for (const auto& [key, text] : own) {
    if (!is_left_out(key, architecture)) metadata.add(key, text);
  }
  return metadata;
}

}  // namespace rwkv
