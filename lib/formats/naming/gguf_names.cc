// Source: ggml-org/llama.cpp: conversion/rwkv.py, gguf-py/gguf/constants.py.
#include "formats/naming/gguf_names.h"

#include <array>

namespace rwkv {
namespace {

using enum GgufForm;
using enum GgufPrecision;

constexpr auto kModelNames = std::to_array<GgufName>({
    {"token_embd.weight", "emb.weight", kSame, kAny},
    {"token_embd_norm.weight", "blocks.0.ln0.weight", kSame, kF32},
    {"token_embd_norm.bias", "blocks.0.ln0.bias", kSame, kF32},
    {"output_norm.weight", "ln_out.weight", kSame, kF32},
    {"output_norm.bias", "ln_out.bias", kSame, kF32},
    {"output.weight", "head.weight", kSame, kAny},
});

constexpr auto kLayer6 = std::to_array<GgufName>({
    {"attn_norm.weight", "ln1.weight", kSame, kF32},
    {"attn_norm.bias", "ln1.bias", kSame, kF32},
    {"attn_norm_2.weight", "ln2.weight", kSame, kF32},
    {"attn_norm_2.bias", "ln2.bias", kSame, kF32},
    {"time_mix_ln.weight", "att.ln_x.weight", kSame, kF32},
    {"time_mix_ln.bias", "att.ln_x.bias", kSame, kF32},
    {"time_mix_lerp_x.weight", "att.time_maa_x", kFlat, kF32},
    {"time_mix_w1.weight", "att.time_maa_w1", kTransposed, kF32},
    {"time_mix_w2.weight", "att.time_maa_w2", kTransposed, kF32},
    {"time_mix_first.weight", "att.time_faaaa", kHeads, kF32},
    {"time_mix_decay.weight", "att.time_decay", kFlat, kF32},
    {"time_mix_decay_w1.weight", "att.time_decay_w1", kTransposed, kF32},
    {"time_mix_decay_w2.weight", "att.time_decay_w2", kTransposed, kF32},
    {"time_mix_receptance.weight", "att.receptance.weight", kSame, kAny},
    {"time_mix_key.weight", "att.key.weight", kSame, kAny},
    {"time_mix_value.weight", "att.value.weight", kSame, kAny},
    {"time_mix_gate.weight", "att.gate.weight", kSame, kAny},
    {"time_mix_output.weight", "att.output.weight", kSame, kAny},
    {"channel_mix_lerp_k.weight", "ffn.time_maa_k", kFlat, kF32},
    {"channel_mix_lerp_r.weight", "ffn.time_maa_r", kFlat, kF32},
    {"channel_mix_key.weight", "ffn.key.weight", kSame, kAny},
    {"channel_mix_value.weight", "ffn.value.weight", kSame, kAny},
    {"channel_mix_receptance.weight", "ffn.receptance.weight", kSame, kAny},
});
constexpr auto kLerps6 = std::to_array<GgufName>({
    {"time_mix_lerp_w.weight", "att.time_maa_w", kFlat, kF32},
    {"time_mix_lerp_k.weight", "att.time_maa_k", kFlat, kF32},
    {"time_mix_lerp_v.weight", "att.time_maa_v", kFlat, kF32},
    {"time_mix_lerp_r.weight", "att.time_maa_r", kFlat, kF32},
    {"time_mix_lerp_g.weight", "att.time_maa_g", kFlat, kF32},
});

constexpr auto kLayer7 = std::to_array<GgufName>({
    {"attn_norm.weight", "ln1.weight", kSame, kF32},
    {"attn_norm.bias", "ln1.bias", kSame, kF32},
    {"attn_norm_2.weight", "ln2.weight", kSame, kF32},
    {"attn_norm_2.bias", "ln2.bias", kSame, kF32},
    {"time_mix_ln.weight", "att.ln_x.weight", kSame, kF32},
    {"time_mix_ln.bias", "att.ln_x.bias", kSame, kF32},
    {"time_mix_w0.weight", "att.w0", kFlat, kF32},
    {"time_mix_w1.weight", "att.w1", kTransposed, kF32},
    {"time_mix_w2.weight", "att.w2", kTransposed, kF32},
    {"time_mix_a0.weight", "att.a0", kFlat, kF32},
    {"time_mix_a1.weight", "att.a1", kTransposed, kWide},
    {"time_mix_a2.weight", "att.a2", kTransposed, kWide},
    {"time_mix_v0.weight", "att.v0", kFlat, kF32},
    {"time_mix_v1.weight", "att.v1", kTransposed, kWide},
    {"time_mix_v2.weight", "att.v2", kTransposed, kWide},
    {"time_mix_g1.weight", "att.g1", kTransposed, kWide},
    {"time_mix_g2.weight", "att.g2", kTransposed, kWide},
    {"time_mix_k_k.weight", "att.k_k", kFlat, kF32},
    {"time_mix_k_a.weight", "att.k_a", kFlat, kF32},
    {"time_mix_r_k.weight", "att.r_k", kFlatHeads, kF32},
    {"time_mix_receptance.weight", "att.receptance.weight", kSame, kAny},
    {"time_mix_key.weight", "att.key.weight", kSame, kAny},
    {"time_mix_value.weight", "att.value.weight", kSame, kAny},
    {"time_mix_output.weight", "att.output.weight", kSame, kAny},
    {"channel_mix_lerp_k.weight", "ffn.x_k", kFlat, kF32},
    {"channel_mix_key.weight", "ffn.key.weight", kSame, kAny},
    {"channel_mix_value.weight", "ffn.value.weight", kSame, kAny},
});
constexpr auto kLerps7 = std::to_array<GgufName>({
    {"time_mix_lerp_r.weight", "att.x_r", kFlat, kF32},
    {"time_mix_lerp_w.weight", "att.x_w", kFlat, kF32},
    {"time_mix_lerp_k.weight", "att.x_k", kFlat, kF32},
    {"time_mix_lerp_v.weight", "att.x_v", kFlat, kF32},
    {"time_mix_lerp_a.weight", "att.x_a", kFlat, kF32},
    {"time_mix_lerp_g.weight", "att.x_g", kFlat, kF32},
});

constexpr std::string_view kFused = "time_mix_lerp_fused.weight";
constexpr auto kArchitectures = std::to_array<GgufArchitecture>({
    {"rwkv6", "6", kLayer6, {kFused, kLerps6}},
    {"rwkv7", "7", kLayer7, {kFused, kLerps7}},
});

}  // namespace

std::span<const GgufArchitecture> gguf_architectures() { return kArchitectures; }
std::span<const GgufName> gguf_model_names() { return kModelNames; }

}  // namespace rwkv
