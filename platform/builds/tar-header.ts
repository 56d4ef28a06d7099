import type { Header } from 'tar-stream'

/** A tar entry's header as it is written: what is left out gets a default. */
export type TarHeader = Partial<Header> & Pick<Header, 'name'>
