/** Why a Dockerfile is refused; undefined when it may be built. */
export type Refusal = string | undefined

export interface ReadDockerfile {
  /** Images from outside that it names, in the order in which it does. */
  readonly images: readonly string[]
  readonly refusal: Refusal
}

/** Words of a Dockerfile are parted by these; what Unicode also calls a space is part of a word there. */
const SPACE = /[\t\v\f\r ]+/
const INSTRUCTIONS = new Set(
  'add arg cmd copy entrypoint env expose from healthcheck label maintainer onbuild run shell stopsignal user volume workdir'.split(
    ' ',
  ),
)
const PLAIN_REFERENCE = /^[A-Za-z0-9][A-Za-z0-9._/:@-]*$/
/** The engine takes any beginning of an image's id for its name: two digits guessed are another app's image. */
const IMAGE_ID = /^(sha256:|[0-9a-f]+$)/
/** Names of images that installations make of apps, whichever installation. */
const APP_IMAGE = /^[a-z][a-z0-9]{0,8}-app-/

/**
 * Reads which images a Dockerfile names, because the engine would let it name every image on the host: another
 * team's application with its source as well. What cannot be read with certainty is refused.
 */
export function readDockerfile(text: string): ReadDockerfile {
  const reader = new DockerfileReader()
  for (const { name, rest } of instructionsOf(text)) {
    const refusal = reader.judge(name, rest)
    if (refusal !== undefined) return { images: reader.images, refusal }
  }
  return { images: reader.images, refusal: undefined }
}

class DockerfileReader {
  readonly images: string[] = []
  readonly #stages = new Set<string>()
  readonly #args = new Map<string, string>()
  #count = 0

  judge(name: string, rest: string): Refusal {
    if (!INSTRUCTIONS.has(name)) return `the Dockerfile has the unknown instruction ${JSON.stringify(name)}`
    if (name === 'arg') return this.#takeArguments(rest)
    if (name === 'from') return this.#takeFrom(rest)
    if (name === 'copy' || name === 'add') return this.#takeFlags(rest)
    if (name === 'label' && /\bmaru\./i.test(rest))
      return 'labels that begin with "maru." are not for Dockerfiles'
    if (name !== 'onbuild') return undefined
    const [inner = '', ...words] = rest.split(SPACE)
    return this.judge(inner.toLowerCase(), words.join(' '))
  }

  /** Only those before the first stage can be part of an image's name. */
  #takeArguments(rest: string): Refusal {
    if (this.#count > 0) return undefined
    for (const word of rest.split(SPACE)) {
      const [, name, value] = /^(\w+)=(.*)$/.exec(word) ?? []
      if (name === undefined || value === undefined) continue
      this.#args.set(name, this.#expand(value.replace(/^(["'])(.*)\1$/, '$2')))
    }
    return undefined
  }

  #takeFrom(rest: string): Refusal {
    const words = rest.split(SPACE).filter((word) => !word.startsWith('--'))
    const refusal = this.#takeImage(this.#expand(words[0] ?? ''))
    if (words[1]?.toLowerCase() === 'as') this.#stages.add((words[2] ?? '').toLowerCase())
    this.#count++
    return refusal
  }

  #takeFlags(rest: string): Refusal {
    const words = rest.split(SPACE)
    const end = words.findIndex((word) => !word.startsWith('-'))
    for (const flag of words.slice(0, Math.max(end, 0))) {
      if (/["'\\]/.test(flag)) return `write the option ${JSON.stringify(flag)} without quotes`
      const from = /^--from=(.*)$/i.exec(flag)?.[1]
      const isStage = from !== undefined && /^\d+$/.test(from) && Number(from) < this.#count
      if (from === undefined || isStage) continue
      const refusal = this.#takeImage(from)
      if (refusal !== undefined) return refusal
    }
    return undefined
  }

  #takeImage(image: string): Refusal {
    if (this.#stages.has(image.toLowerCase()) || image === 'scratch') return undefined
    if (!PLAIN_REFERENCE.test(image)) return `the image ${JSON.stringify(image)} has to be named in full`
    const name = image.replace(/^(index\.)?docker\.io\//, '').replace(/^library\//, '')
    if (IMAGE_ID.test(name)) return `the image ${image} is named by its id; name it by its repository`
    if (APP_IMAGE.test(name)) return `the image ${image} belongs to an app of this platform`
    this.images.push(image)
    return undefined
  }

  #expand(word: string): string {
    return word.replace(/\$(?:\{(\w+)\}|(\w+))/g, (whole, a, b) => this.#args.get(a ?? b) ?? whole)
  }
}

/** The instructions with their lines joined, comments and empty lines left out. */
function instructionsOf(text: string): Array<{ name: string; rest: string }> {
  const found: Array<{ name: string; rest: string }> = []
  let open = ''
  const end = () => {
    const [name = '', ...words] = open.trim().split(SPACE)
    if (open.trim() !== '') found.push({ name: name.toLowerCase(), rest: words.join(' ') })
    open = ''
  }
  for (const raw of text.replace(/^\uFEFF/, '').split('\n')) {
    const line = raw.replace(/\r$/, '')
    // Another escape character would change which lines belong together.
    if (/^\s*#\s*escape\s*=\s*[^\\\s]/i.test(line)) found.push({ name: '# escape', rest: '' })
    if (/^\s*#/.test(line) || line.trim() === '') continue
    const goesOn = /\\[ \t]*$/.test(line)
    open += goesOn ? line.replace(/\\[ \t]*$/, '') : line
    if (!goesOn) end()
  }
  end()
  return found
}
