"""A terminal in memory: what a vt100 would show after the bytes it was sent."""
import re
import unicodedata


class Terminal:
    """Rows of characters, a cursor, a scrolling region. Sequences it does not know are an error of the program."""

    def __init__(self, rows, columns):
        self.rows, self.columns = rows, columns
        self.cells = [[" "] * columns for _ in range(rows)]
        self.row = self.column = 0
        self.top, self.bottom = 0, rows
        self.wrap = False  # a character was written into the last column
        self.rest = b""
        self.unknown = []

    def text(self):
        """The rows, without blanks at their ends."""
        return ["".join(row).rstrip() for row in self.cells]

    def resize(self, rows, columns):
        """What was there stays where it was, as far as there is room."""
        old = self.cells
        self.__init__(rows, columns)
        for row in range(min(rows, len(old))):
            self.cells[row] = (old[row] + [" "] * columns)[:columns]

    def feed(self, data):
        """Takes bytes; an incomplete character or sequence waits for its rest."""
        data = self.rest + data
        self.rest = b""
        while data:
            if data[0] == 27:
                found = re.match(rb"\x1b(?:\[([?>]?)([0-9;]*)([@-~])|([^\[]))", data)
                if not found:
                    self.rest = data
                    return
                data = data[found.end():]
                if found.group(4):
                    self.escape(found.group(4))
                elif not found.group(1):
                    numbers = [int(n or 0) for n in found.group(2).split(b";")]
                    self.control(found.group(3), numbers)
                continue
            size = 1 if data[0] < 0xc0 else 2 if data[0] < 0xe0 else 3 if data[0] < 0xf0 else 4
            if len(data) < size:
                self.rest = data
                return
            self.put(data[:size].decode(errors="replace"))
            data = data[size:]

    def put(self, char):
        if char == "\n":
            self.line_feed()
        elif char == "\r":
            self.column, self.wrap = 0, False
        elif char == "\b":
            self.column, self.wrap = max(self.column - 1, 0), False
        elif char < " ":
            self.unknown.append(char)
        elif unicodedata.combining(char):
            at = self.column if self.wrap else self.column - 1
            self.cells[self.row][at] += char
        else:
            self.print(char, 2 if unicodedata.east_asian_width(char) in "WF" else 1)

    def print(self, char, width):
        if self.wrap or self.column + width > self.columns:
            self.column, self.wrap = 0, False
            self.line_feed()
        self.cells[self.row][self.column] = char
        if width == 2:
            self.cells[self.row][self.column + 1] = ""
        self.column += width
        if self.column >= self.columns:
            self.column, self.wrap = self.columns - 1, True

    def line_feed(self):
        self.wrap = False
        if self.row == self.bottom - 1:
            del self.cells[self.top]
            self.cells.insert(self.bottom - 1, [" "] * self.columns)
        elif self.row < self.rows - 1:
            self.row += 1

    def escape(self, final):
        if final == b"M":
            if self.row == self.top:
                del self.cells[self.bottom - 1]
                self.cells.insert(self.top, [" "] * self.columns)
            elif self.row > 0:
                self.row -= 1
        else:
            self.unknown.append(final)

    def control(self, final, numbers):
        count = max(numbers[0], 1)
        self.wrap = False
        if final == b"H":
            self.row = min(count, self.rows) - 1
            self.column = min(max(numbers[1], 1) if len(numbers) > 1 else 1, self.columns) - 1
        elif final == b"A":
            self.row = max(self.row - count, 0)
        elif final == b"C":
            self.column = min(self.column + count, self.columns - 1)
        elif final == b"K":
            self.cells[self.row][self.column:] = [" "] * (self.columns - self.column)
        elif final == b"J":
            first = 0 if numbers[0] == 2 else self.row + 1
            if numbers[0] != 2:
                self.cells[self.row][self.column:] = [" "] * (self.columns - self.column)
            for row in range(first, self.rows):
                self.cells[row] = [" "] * self.columns
        elif final == b"r":
            self.top = count - 1
            self.bottom = numbers[1] if len(numbers) > 1 and numbers[1] else self.rows
            self.row = self.column = 0
        elif final != b"m":
            self.unknown.append(final)
