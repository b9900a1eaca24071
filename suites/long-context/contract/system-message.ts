/** The same for every text, so that it is all that a prefix cache can know of a new one. */
export const systemMessage =
  "You answer questions about the text that you are given. The answer stands in the text. Answer with what is asked for and nothing else.";
