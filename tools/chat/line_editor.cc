#include "chat/line_editor.h"

#include <histedit.h>
#include <langinfo.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <clocale>
#include <csignal>
#include <cstdio>
#include <span>
#include <string_view>

#include "common/common_options.h"
#include "common/signals.h"
#include "core/descriptor.h"
#include "core/error.h"
#include "text/utf8.h"

namespace rwkv {
namespace {

constexpr int kHistoryLines = 1000;
constexpr std::wstring_view kPrompt = L"> ";
constexpr std::wstring_view kPasteEnd = L"\033[201~";
constexpr const char *kMarkPastes = "\033[?2004h", *kMarkNoPastes = "\033[?2004l";

// Keys that libedit does not bind by itself.
struct Binding {
  const wchar_t *keys, *function;
};
constexpr Binding kBindings[] = {
    {L"\033[200~", L"paste"},        {L"\033\r", L"line-break"},           {L"\033\n", L"line-break"},
    {L"^R", L"em-inc-search-prev"},  {L"\033[3~", L"ed-delete-next-char"}, {L"\033[H", L"ed-move-to-beg"},
    {L"\033[F", L"ed-move-to-end"},  {L"\033[1~", L"ed-move-to-beg"},      {L"\033[4~", L"ed-move-to-end"},
    {L"\033[1;5D", L"ed-prev-word"}, {L"\033[1;5C", L"em-next-word"},
};

// The last signal after which the line must be drawn anew: SIGWINCH, or SIGCONT, since other processes used
// the terminal while this one was stopped. 0: none.
volatile std::sig_atomic_t g_changed = 0;

void on_change(int signal) { g_changed = signal; }

void watch(int signal) {
  struct sigaction action {};
  action.sa_handler = on_change;  // without SA_RESTART: what waits for a key must see it
  ::sigaction(signal, &action, nullptr);
}

// libedit takes and draws characters of the locale, which may be another than UTF-8 or none.
void use_utf8() {
  std::setlocale(LC_CTYPE, "");
  if (std::string_view(::nl_langinfo(CODESET)) != "UTF-8") std::setlocale(LC_CTYPE, "C.UTF-8");
}

// False at the end, after a signal, and when the terminal has changed.
bool read_byte(char& byte) {
  try {
    const auto to = std::as_writable_bytes(std::span(&byte, 1));
    return read_from(STDIN_FILENO, to, [] { return stop_requested() || g_changed != 0; }) == 1;
  } catch (const Error&) {  // stopped
    return false;
  }
}

FILE* output_of(EditLine* editor) {
  FILE* out = nullptr;
  el_wget(editor, EL_GETFP, 1, &out);
  return out;
}

// The cursor's row, counted from the row of the prompt, on a terminal of so many columns.
size_t cursor_row(EditLine* editor, size_t columns) {
  const LineInfoW* line = el_wline(editor);
  size_t row = 0, column = kPrompt.size();
  for (const wchar_t c : std::wstring_view(line->buffer, static_cast<size_t>(line->cursor - line->buffer))) {
    const size_t width = c == L'\t' ? 8 - column % 8 : static_cast<size_t>(std::max(::wcwidth(c), 1));
    const bool breaks = c == L'\n' || column + width > columns;
    row += breaks ? 1 : 0;
    column = c == L'\n' ? 0 : width + (breaks ? 0 : column);
  }
  return row + column / columns;
}

// Draws the line anew. When the width has changed, it replaces the old drawing, whose rows the terminal has
// broken anew.
void redraw(EditLine* editor, bool is_resized) {
  // Another process may have changed the terminal's mode.
  for (const int mode : {0, 1}) el_wset(editor, EL_PREP_TERM, mode);
  FILE* out = output_of(editor);
  winsize size{};
  if (is_resized && ::ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    const size_t row = cursor_row(editor, size.ws_col);
    if (row > 0) std::fprintf(out, "\033[%zuA", row);
  }
  std::fputs("\r\033[J", out);
  el_resize(editor);
  el_wset(editor, EL_REFRESH);
}

// libedit's own function ends the line at any signal.
int read_key(EditLine* editor, wchar_t* key) {
  for (std::string bytes;;) {
    char byte = 0;
    if (read_byte(byte)) {
      bytes += byte;
      const Utf8Step step = utf8_step(bytes);
      if (step.kind == Utf8Step::kTruncated) continue;
      *key = step.kind == Utf8Step::kCharacter ? static_cast<wchar_t>(step.code) : L'\uFFFD';
      return 1;
    }
    if (stop_requested() || g_changed == 0) return 0;
    const bool is_resized = g_changed == SIGWINCH;
    g_changed = 0;
    redraw(editor, is_resized);
  }
}

// Line breaks of any kind become LF, other control characters but tabs are dropped.
std::wstring cleaned(std::wstring_view paste) {
  std::wstring text;
  for (size_t i = 0; i < paste.size(); ++i) {
    if (paste.substr(i, 2) == L"\r\n") continue;
    const wchar_t c = paste[i] == L'\r' ? L'\n' : paste[i];
    if (c >= L' ' || c == L'\n' || c == L'\t') text += c;
  }
  return text;
}

unsigned char insert_paste(EditLine* editor, wint_t) {
  std::wstring paste;
  for (wchar_t c = 0; !paste.ends_with(kPasteEnd) && el_wgetc(editor, &c) == 1;) paste += c;
  if (paste.ends_with(kPasteEnd)) paste.resize(paste.size() - kPasteEnd.size());
  paste = cleaned(paste);
  return paste.empty() || el_winsertstr(editor, paste.c_str()) == 0 ? CC_REFRESH : CC_ERROR;
}

unsigned char insert_line_break(EditLine* editor, wint_t) {
  return el_winsertstr(editor, L"\n") == 0 ? CC_REFRESH : CC_ERROR;
}

wchar_t* prompt(EditLine*) {
  static std::wstring text(kPrompt);
  return text.data();
}

std::string to_utf8(std::wstring_view wide) {
  std::string text;
  for (const wchar_t c : wide) append_utf8(static_cast<char32_t>(c), text);
  return text;
}

}  // namespace

struct LineEditor::Terminal {
  Terminal() : out(::fdopen(::dup(STDERR_FILENO), "w")), lines(history_winit()) {
    use_utf8();
    if (out != nullptr) editor = el_init("rwkv-chat", stdin, out, out);
    if (editor == nullptr || lines == nullptr) throw Error(ErrorKind::kIo, "the terminal cannot be used");
    HistEventW event;
    history_w(lines, &event, H_SETSIZE, kHistoryLines);
    history_w(lines, &event, H_SETUNIQUE, 1);
    el_wset(editor, EL_PROMPT, prompt);
    el_wset(editor, EL_EDITOR, L"emacs");
    el_wset(editor, EL_HIST, history_w, lines);
    el_wset(editor, EL_GETCFN, read_key);
    el_wset(editor, EL_ADDFN, L"paste", L"take a paste as it is", insert_paste);
    el_wset(editor, EL_ADDFN, L"line-break", L"a line break within the line", insert_line_break);
    for (const auto& [keys, function] : kBindings) el_wset(editor, EL_BIND, keys, function, nullptr);
    watch(SIGWINCH);
    watch(SIGCONT);
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;
  ~Terminal() {
    el_end(editor);
    history_wend(lines);
    std::fclose(out);
  }

  FILE* out;
  HistoryW* lines;
  EditLine* editor = nullptr;
  bool marks_pastes = from_environment("TERM").value_or("dumb") != "dumb";
};

bool can_edit_lines() { return ::isatty(STDIN_FILENO) == 1 && ::isatty(STDERR_FILENO) == 1; }

LineEditor::LineEditor() : terminal_(std::make_unique<Terminal>()) {}

LineEditor::~LineEditor() = default;

std::optional<std::string> LineEditor::next() {
  if (stop_requested()) return std::nullopt;
  FILE* out = terminal_->out;
  if (terminal_->marks_pastes) std::fputs(kMarkPastes, out);
  g_changed = 0;
  el_wset(terminal_->editor, EL_PREP_TERM, 1);  // before the prompt asks for keys
  int n = 0;
  const wchar_t* text = el_wgets(terminal_->editor, &n);
  std::wstring line(text, text != nullptr && n > 0 ? static_cast<size_t>(n) : 0);
  if (terminal_->marks_pastes) std::fputs(kMarkNoPastes, out);
  const bool is_whole = line.ends_with(L'\n');
  if (!is_whole) std::fputc('\n', out);
  std::fflush(out);
  if (!is_whole) return std::nullopt;
  line.pop_back();
  HistEventW event;
  if (!line.empty()) history_w(terminal_->lines, &event, H_ENTER, line.c_str());
  return to_utf8(line);
}

}  // namespace rwkv
