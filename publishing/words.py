"""The site's own words, one set a language."""

WORDS = {
    "en": {
        "minutes": "{} min read",
        "table": ("Show the table", "Hide the table"),
        "notebook": "Download as a notebook, with outputs",
        "solved": "Solutions",
        "solutions": "Download as a notebook with the exercises’ solutions",
        "script": "Download as a Python file",
        "print": "Print this page, or save it as PDF",
        "whole": "Book",
        "book": "Download the whole book as PDF",
        "download": "Download this page",
        "launch": "Run this page",
        "binder": "Run on Binder",
        "colab": "Run on Colab",
        "lab": "Run at home: clone, then make lab",
        "not found": "There is no such page",
        "home": "Go to the first page",
        "other edition": "Français",
        "locale": "en_GB",
        "interactive": {
            "attractor": "Start: two orbits in your browser",
            "noscript": "This figure needs JavaScript.",
            "generator": "Start: the trained generator in your browser",
            "view": "Two orbits of the Lorenz system in space; the arrow keys turn the view.",
            "graph": "Distance of the two orbits against time, on a logarithmic axis.",
            "rates": "Running exponent against time; held once the distance exceeds one.",
            "starts": "Starting points",
            "apart": "distance",
            "time": "time",
            "distance": "distance",
            "exponent": "running exponent",
            "pause": "Pause",
            "run": "Run",
            "ahead": "Five time units ahead",
            "restart": "Restart",
            "classic": "Classic values",
            "help": "Drag to turn, or focus the picture and use the arrow keys.",
            "draw": "Draw a new latent",
            "noise": "noise added",
            "butterfly": "A generated series in space; the arrow keys turn the view.",
            "series": "The first twenty time units: x, y and z against time.",
            "errors": "Flow residual of each step against time, on a logarithmic axis.",
            "residual": "Flow residual, in standard deviations",
            "median": "median",
            "rms": "root mean square",
            "mixed": "median of the same samples in random order",
        },
        "provenance": {
            "dirty": "with changes that are not committed",
            "commit": "Commit",
            "no commit": "Commit unknown",
            "built": "built on",
            "executed": "Executed in",
            "versions": "with these versions",
            "no code": "No code is executed on this page",
            "how": "how this book is made",
            "chapter": "chapter",
            "seconds": "seconds",
            "together": "together",
        },
        "first": {"distance": "Distance of the two:", "pause": "Pause", "run": "Run"},
        "pdf": {
            "contents": "Contents",
            "about": "This is the printed form of an executable book. Code that only draws or "
            "formats is left out here.",
            "run": "The site has all of it, as notebooks to run:",
            "still": "A still of an interactive figure. It moves at",
        },
    },
    "fr": {
        "minutes": "{} min de lecture",
        "table": ("Afficher le tableau", "Masquer le tableau"),
        "notebook": "Télécharger le notebook, avec ses résultats (en anglais)",
        "solved": "Corrigés",
        "solutions": "Télécharger le notebook avec les corrigés des exercices (en anglais)",
        "script": "Télécharger le fichier Python (en anglais)",
        "print": "Imprimer cette page, ou l’enregistrer en PDF",
        "whole": "Livre",
        "book": "Télécharger le livre entier en PDF",
        "download": "Télécharger cette page",
        "launch": "Exécuter cette page",
        "binder": "Exécuter sur Binder",
        "colab": "Exécuter sur Colab",
        "lab": "Exécuter chez soi : cloner le dépôt, puis make lab",
        "not found": "Cette page n’existe pas",
        "home": "Aller à la première page",
        "other edition": "English",
        "locale": "fr_FR",
        "not translated": "Cette page n’est pas encore traduite : la voici en anglais.",
        "partly translated": "Cette page n’est pas entièrement traduite : "
        "ce qui manque encore est en anglais.",
        # What the theme says in English even so.
        "theme": {
            "Search...": "Rechercher…",
            "Search": "Rechercher",
            "Apprendre Lorenz - Home": "Apprendre Lorenz, première page",
            "Toggle primary sidebar": "Afficher ou masquer le menu",
            "Toggle secondary sidebar": "Afficher ou masquer le plan de la page",
            "Show code cell source": "Afficher le code",
            "Hide code cell source": "Masquer le code",
            "Show code cell content": "Afficher le code et le résultat",
            "Hide code cell content": "Masquer le code et le résultat",
            "Main": "Menu principal",
            "Collapse Sidebar": "Replier le menu",
        },
        # What the drawings inside a page say to those who do not see them.
        "pictures": {
            "The Lorenz attractor, two flat wings of loops around two holes. Two orbits that start "
            "side by side end on different wings.": "L’attracteur de Lorenz, deux ailes plates de "
            "boucles autour de deux trous. Deux orbites qui partent côte à côte finissent sur des "
            "ailes différentes.",
            "Left, a short orbit that ends in a point; right, an orbit that draws the two wings of "
            "the Lorenz attractor.": "À gauche, une courte orbite qui finit en un point ; à "
            "droite, une orbite qui dessine les deux ailes de l’attracteur de Lorenz.",
            "Left, an orbit that spirals into a fixed point; right, an orbit that goes on drawing "
            "two wings.": "À gauche, une orbite qui s’enroule vers un point fixe ; à droite, une "
            "orbite qui dessine sans fin deux ailes.",
            "Left, a cloud of lines without a shape; right, the two wings of the Lorenz "
            "attractor.": "À gauche, un nuage de lignes sans forme ; à droite, les deux ailes de "
            "l’attracteur de Lorenz.",
            "Left, a thicket of short arcs that do not meet; right, arcs that join to the two "
            "wings of the Lorenz attractor.": "À gauche, un fouillis d’arcs courts qui ne se "
            "rejoignent pas ; à droite, des arcs qui se raccordent et forment les deux ailes de "
            "l’attracteur de Lorenz.",
        },
        "interactive": {
            "attractor": "Démarrer : deux orbites dans votre navigateur",
            "noscript": "Cette figure a besoin de JavaScript.",
            "generator": "Démarrer : le générateur entraîné dans votre navigateur",
            "view": "Deux orbites du système de Lorenz dans l’espace ; "
            "les flèches du clavier tournent la vue.",
            "graph": "Distance des deux orbites en fonction du temps, sur un axe logarithmique.",
            "rates": "Exposant courant en fonction du temps ; maintenu dès que la distance "
            "dépasse un.",
            "starts": "Points de départ",
            "apart": "distance",
            "time": "temps",
            "distance": "distance",
            "exponent": "exposant courant",
            "pause": "Pause",
            "run": "Continuer",
            "ahead": "Avancer de cinq unités de temps",
            "restart": "Recommencer",
            "classic": "Valeurs classiques",
            "help": "Faites glisser pour tourner, ou placez le curseur sur l’image et utilisez "
            "les flèches du clavier.",
            "draw": "Tirer un nouveau latent",
            "noise": "bruit ajouté",
            "butterfly": "Une série générée dans l’espace ; les flèches du clavier tournent la "
            "vue.",
            "series": "Les vingt premières unités de temps : x, y et z en fonction du temps.",
            "errors": "Résidu du flot à chaque pas en fonction du temps, sur un axe logarithmique.",
            "residual": "Résidu du flot, en écarts-types",
            "median": "médiane",
            "rms": "moyenne quadratique",
            "mixed": "médiane des mêmes échantillons dans un ordre aléatoire",
        },
        "provenance": {
            "dirty": "avec des modifications non enregistrées",
            "commit": "Commit",
            "no commit": "Commit inconnu",
            "built": "construit le",
            "executed": "Exécuté en",
            "versions": "avec ces versions",
            "no code": "Aucun code n'est exécuté sur cette page",
            "how": "comment ce livre est fait",
            "chapter": "chapitre",
            "seconds": "secondes",
            "together": "au total",
        },
        "first": {"distance": "Distance des deux :", "pause": "Pause", "run": "Animer"},
        "pdf": {
            "contents": "Table des matières",
            "about": "Ceci est la forme imprimée d'un livre exécutable. Le code qui ne fait que "
            "dessiner ou mettre en forme est omis ici.",
            "run": "Le site le montre en entier, en notebooks exécutables :",
            "still": "Vue fixe d'une figure interactive. Elle s'anime à l'adresse",
        },
    },
}


def words(app):
    """The words of the edition that is being built."""
    return WORDS[(app.config.language or "en")[:2]]
