// The index of a checkpoint in several files: Hugging Face's *.index.json.
#pragma once
#include <cstddef>
#include <map>
#include <set>
#include <span>
#include <string>

namespace rwkv {

bool looks_like_shard_index(std::span<const std::byte> file);

// The names of the tensors in each file, by file name (without a folder). Error kFormat.
std::map<std::string, std::set<std::string>> parse_shard_index(std::span<const std::byte> file);

}  // namespace rwkv
