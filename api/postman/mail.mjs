// The scripts that read mails: in development the server shows them at /dev/mail.
// Postman's scripts share nothing, so what both need stands in both.

// listing calls then with the mails that there are, newest first, each with its
// name and the address that it went to. Without /dev/mail there are none.
function listing(then) {
  pm.sendRequest(pm.variables.replaceIn("{{baseUrl}}/dev/mail"), (error, answer) => {
    const row = /<a href="\/dev\/mail\/([^"]+)"><bdi>[^<]*<\/bdi><\/a><span>to <bdi>([^<]*)<\/bdi>/g;
    if (error || answer.code !== 200) return;
    then([...answer.text().matchAll(row)].map(([, name, to]) => ({ name, to })));
  });
}

// findLink looks for a mail to an address, newer than the one noted, that has a link
// which matches wanted, for some seconds; and keeps what the link carries.
function findLink(to, wanted, keep, after, tries) {
  const again = () => tries > 0 && setTimeout(() => findLink(to, wanted, keep, after, tries - 1), 200);
  listing((mails) => {
    const theirs = mails.filter((mail) => mail.to.toLowerCase() === to.toLowerCase() && mail.name > after);
    const look = ([mail, ...older]) => {
      if (!mail) return again();
      pm.sendRequest(pm.variables.replaceIn("{{baseUrl}}/dev/mail/" + mail.name), (error, answer) => {
        const links = [...answer.text().matchAll(/<a href="([^"]+)"/g)].map(([, link]) =>
          link.replace(/&#43;/g, "+").replace(/&amp;/g, "&"));
        const found = links.map((link) => link.match(wanted)).find((match) => match);
        if (!found) return look(older);
        for (const [name, value] of Object.entries(found.groups)) pm.collectionVariables.set(keep[name], value);
      });
    };
    look(theirs);
  });
}

// mailedLink is a script that keeps what a mailed link carries. Who plays against a
// server without /dev/mail sets the variables by hand.
export const mailedLink = ({ to, link, keep, after }) => `
// The link is in a mail; in development the server shows it at /dev/mail. Elsewhere,
// set ${Object.values(keep).join(" and ")} by hand.
${listing}
${findLink}
findLink(
  pm.variables.get(${JSON.stringify(to)}),
  ${link},
  ${JSON.stringify(keep)},
  ${after ? `pm.variables.get(${JSON.stringify(after)}) || ""` : `""`},
  50,
);
`.trim();

// newestMail is a script that notes which mail is the newest, so that an older one
// is not taken for the one that is about to be asked for.
export const newestMail = () => `
// Which mail is the newest so far?
${listing}
listing((mails) => pm.collectionVariables.set("newestMail", mails.length > 0 ? mails[0].name : ""));
`.trim();
