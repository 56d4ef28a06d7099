import '@mantine/core/styles.layer.css'
import './app-shell/global.css'
import { createRoot } from 'react-dom/client'
import { z } from 'zod'
import { Console } from './app-shell/console.tsx'

// Zod's faster way makes code from text, which the content security policy forbids.
z.config({ jitless: true })

const root = document.getElementById('root')
if (root !== null) createRoot(root).render(<Console />)
