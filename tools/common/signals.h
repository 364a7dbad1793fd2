// Signals: which ones let a tool finish its step, which end it at once; none leaves anything behind.
#pragma once
#include <string_view>

namespace rwkv {

// After this call SIGINT, SIGTERM and SIGHUP (unless ignored, as by nohup) ask the tool to end: waits
// that got stop_requested end. The same signal once more (not as the echo of the first) ends the tool
// at once. A file-size limit becomes a write error. If a mapped file becomes shorter, the tool ends
// with a line that begins with `tool` and names the file. Signals that end the process remove temporary
// files.
void install_signal_handlers(std::string_view tool);

// True once one of the three has arrived. Loops ask between two tokens or blocks.
bool stop_requested();
// True if it was SIGINT, which then counts as not arrived: for a tool that continues after Ctrl-C has ended
// its step.
bool take_interrupt();
// Throws an Error kInterrupted with an empty message, which run_tool() does not print, if one has arrived.
void throw_if_stopped();
// Ends the process by the signal if one has arrived.
void die_if_stopped();

}  // namespace rwkv
