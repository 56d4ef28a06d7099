/**
 * Cuts chunks of UTF-8 into lines, without their line ends; a last line without an end counts. Lines longer than
 * `maxLength` come in pieces, so that a flood without a line end can't fill the memory.
 */
export async function* textLines(
  chunks: AsyncIterable<Uint8Array>,
  maxLength = 1024 * 1024,
): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of chunks) {
    rest += decoder.decode(chunk, { stream: true })
    const lines = rest.split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) yield line.endsWith('\r') ? line.slice(0, -1) : line
    if (rest.length > maxLength) {
      yield rest
      rest = ''
    }
  }
  rest += decoder.decode()
  if (rest !== '') yield rest
}
