// Signals: which of them end a tool in order, which at once, and that nothing is left behind.
#pragma once
#include <string_view>

namespace rwkv {

// From now on SIGINT, SIGTERM and SIGHUP (unless it is ignored, as by nohup) ask the tool to end: what is
// waited for, if it is given stop_requested, ends by then. The same signal once more, if it is not the echo
// of the first, ends the tool at once. A file-size limit is an error of writing. A mapped file that becomes
// shorter ends the tool by a line that begins with `tool` and names the file. Signals that end the process
// remove temporary files.
void install_signal_handlers(std::string_view tool);

// True once one of the three has arrived. Loops ask it between two tokens or two blocks.
bool stop_requested();
// Ends the run then. An Error kInterrupted with a message, unlike this one's, is told on stderr.
void throw_if_stopped();
// If one has arrived, ends the process by it.
void die_if_stopped();

}  // namespace rwkv
