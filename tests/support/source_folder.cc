#include "support/source_folder.h"

namespace rwkv {

std::filesystem::path source_folder() { return RWKV_SOURCE_DIR; }

}  // namespace rwkv
