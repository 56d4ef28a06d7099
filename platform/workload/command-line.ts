/** Words that mean themselves: nothing in them is special to a shell. */
const SIMPLE = /^[\w@%+:,./=-]+$/
/** More than one command, or a construct of the shell's own language. */
const COMPOUND = /[;&|`(){}\n<>]|^\s*(if|for|while|until|case|!|cd|export|set|unset|exec|eval|\.|source|:)\s/
/** Inside quotes, and in a variable's braces, the signs of COMPOUND have no such meaning. */
const HARMLESS = /'[^']*'|"(?:\\.|[^"\\])*"|\$\{\w+\}/gs
const ASSIGNMENT = /^\s*[A-Za-z_]\w*=/

/**
 * The program and arguments of a Procfile line. Simple words need no shell. With variables, quotes or globs the shell
 * expands the line and becomes the program (`exec`), so that the program itself gets the signal to stop.
 * `exec` takes no assignments and would end a compound line after its first command; those get `env`, or a plain shell.
 * The line is the app's own text and runs inside the app's own container.
 */
export function argvOf(line: string): string[] {
  const text = line.trim()
  if (text === '') return []
  const words = text.split(/\s+/)
  if (words.every((word) => SIMPLE.test(word)) && !ASSIGNMENT.test(text) && !COMPOUND.test(text)) return words
  if (COMPOUND.test(text.replaceAll(HARMLESS, '_'))) return ['/bin/sh', '-c', text]
  return ['/bin/sh', '-c', ASSIGNMENT.test(text) ? `exec env ${text}` : `exec ${text}`]
}
