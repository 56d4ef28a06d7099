/**
 * Aborts when the input of this process ends: whoever began it ends that, or has gone. What was done is undone all the same, so it is no
 * fault that nobody reads what is said then.
 */
export function stopWithInput(stopping: AbortController): void {
  process.stdin.resume()
  process.stdin.once('end', () => stopping.abort())
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
}
