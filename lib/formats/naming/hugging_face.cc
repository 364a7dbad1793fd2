// The forms in which Hugging Face repositories have RWKV-4 to 7, behind "model.", "rwkv." or "rwkv7.".
#include <array>

#include "formats/naming/naming.h"

namespace rwkv {
namespace {

// flash-linear-attention, utils/convert_from_rwkv7.py: low-rank matrices are weights of nn.Linear, [out, in].
// Early files stack the six mixes as x_x.
constexpr auto kFlaRules = std::to_array<NameRule>({
    {"embeddings.weight", "emb.weight"},
    {"lm_head.weight", "head.weight"},
    {"norm.*", "ln_out.*"},
    {"layers.#.pre_norm.*", "blocks.#.ln0.*"},
    {"layers.#.attn_norm.*", "blocks.#.ln1.*"},
    {"layers.#.ffn_norm.*", "blocks.#.ln2.*"},
    {"layers.#.attn.r_proj.weight", "blocks.#.att.receptance.weight"},
    {"layers.#.attn.k_proj.weight", "blocks.#.att.key.weight"},
    {"layers.#.attn.v_proj.weight", "blocks.#.att.value.weight"},
    {"layers.#.attn.o_proj.weight", "blocks.#.att.output.weight"},
    {"layers.#.attn.g_norm.*", "blocks.#.att.ln_x.*"},
    {"layers.#.attn.*_lora.lora.0.weight", "blocks.#.att.*1", undo_transpose},
    {"layers.#.attn.*_lora.lora.2.weight", "blocks.#.att.*2", undo_transpose},
    {"layers.#.attn.*_lora.lora.2.bias", "blocks.#.att.*0"},
    {"layers.#.attn.x_x", "blocks.#.att.x_", nullptr, "rwkvag"},
    {"layers.#.attn.*", "blocks.#.att.*"},
    {"layers.#.ffn.*.weight", "blocks.#.ffn.*.weight"},
    {"layers.#.ffn.*", "blocks.#.ffn.*"},
});

// rwkv-rs, transformers-rwkv, temp/rwkv_pth2st.py: low-rank matrices as BlinkDL has them.
constexpr auto kNativeRules = std::to_array<NameRule>({
    {"embed_tokens.weight", "emb.weight"},
    {"lm_head.weight", "head.weight"},
    {"norm.*", "ln_out.*"},
    {"embedding_norm.*", "blocks.0.ln0.*"},
    {"layers.#.input_layernorm.*", "blocks.#.ln1.*"},
    {"layers.#.post_attention_layernorm.*", "blocks.#.ln2.*"},
    {"layers.#.linear_attn.r_proj.weight", "blocks.#.att.receptance.weight"},
    {"layers.#.linear_attn.k_proj.weight", "blocks.#.att.key.weight"},
    {"layers.#.linear_attn.v_proj.weight", "blocks.#.att.value.weight"},
    {"layers.#.linear_attn.o_proj.weight", "blocks.#.att.output.weight"},
    {"layers.#.linear_attn.g_norm.*", "blocks.#.att.ln_x.*"},
    {"layers.#.linear_attn.*", "blocks.#.att.*"},
    {"layers.#.mlp.*.weight", "blocks.#.ffn.*.weight"},
    {"layers.#.mlp.*", "blocks.#.ffn.*"},
});

// transformers' RwkvForCausalLM and the classes for RWKV-5, 6 and 7 that are modelled on it.
constexpr auto kBlocksRules = std::to_array<NameRule>({
    {"embeddings.weight", "emb.weight"},
    {"lm_head.weight", "head.weight"},
    {"blocks.#.pre_ln.*", "blocks.#.ln0.*"},
    {"blocks.#.attention.time_mix_key", "blocks.#.att.time_mix_k"},
    {"blocks.#.attention.time_mix_value", "blocks.#.att.time_mix_v"},
    {"blocks.#.attention.time_mix_receptance", "blocks.#.att.time_mix_r"},
    {"blocks.#.attention.time_mix_gate", "blocks.#.att.time_mix_g"},
    {"blocks.#.feed_forward.time_mix_key", "blocks.#.ffn.time_mix_k"},
    {"blocks.#.feed_forward.time_mix_receptance", "blocks.#.ffn.time_mix_r"},
    {"blocks.#.attention.*.*", "blocks.#.att.*.*"},
    {"blocks.#.attention.*", "blocks.#.att.*"},
    {"blocks.#.feed_forward.*.*", "blocks.#.ffn.*.*"},
    {"blocks.#.feed_forward.*", "blocks.#.ffn.*"},
});

// One form of RWKV-7 has the embedding normalised already, and no ln0.
void mark_folded_embedding(TensorList& list) {
  const NamedTensors file{{}, list};
  const bool has_norm = file.find("blocks.0.pre_ln.weight") || file.find("blocks.0.ln0.weight");
  const bool whole = file.find("embeddings.weight") && file.find("blocks.0.ln1.weight");
  if (whole && !has_norm) list.metadata[kEmbeddingKey] = kEmbeddingNormalised;
}

}  // namespace

const Naming kHuggingFaceFla{
    "Hugging Face RWKV-7 (fla)",
    [](const NamedTensors& file) { return file.find_like("layers.#.attn.*_lora.lora.0.weight") != nullptr; },
    kFlaRules};

const Naming kHuggingFaceNative{
    "Hugging Face RWKV-7 (native)",
    [](const NamedTensors& file) { return file.find_like("layers.#.linear_attn.x_*") != nullptr; },
    kNativeRules};

const Naming kHuggingFaceBlocks{"Hugging Face RWKV (blocks)",
                                [](const NamedTensors& file) {
                                  return file.find_like("blocks.#.attention.*.weight") != nullptr ||
                                         (file.find("embeddings.weight") != nullptr &&
                                          file.find_like("blocks.#.att.*.weight") != nullptr);
                                },
                                kBlocksRules, mark_folded_embedding};

}  // namespace rwkv
