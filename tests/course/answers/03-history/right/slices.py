class Room:
    def __init__(self, epoch, keeps):
        self.epoch = epoch
        self.keeps = keeps
        self.texts = []
        self.forgotten = 0

    def publish(self, text):
        self.texts.append(text)
        while len(self.texts) > self.keeps:
            self.texts.pop(0)
            self.forgotten += 1
        return self.forgotten + len(self.texts)

    def since(self, epoch, seq):
        newest = self.forgotten + len(self.texts)
        if epoch != self.epoch or not self.forgotten <= seq <= newest:
            return [], True
        texts = self.texts[seq - self.forgotten :]
        return [[seq + n, text] for n, text in enumerate(texts, start=1)], False
